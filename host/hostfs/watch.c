/* SPDX-License-Identifier: MIT */
/*
 * Directories of which the guest wants to hear when a name in them is another
 * file's, by inotify: as long as it hears nothing, it need not ask for each
 * component of each path.  What a process of this host does is in the queue
 * before its system call returns.  Not so what others do in a file system of
 * the network: directories of those are not watched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "hostfs/impl.h"

/* not in linux/magic.h */
#define BCACHEFS_MAGIC	0xca451a4e
#define XFS_MAGIC	0x58465342
#define ZFS_MAGIC	0x2fc12fc1

/* New names are asked for anyway. */
#define EVENTS (IN_ATTRIB | IN_DELETE | IN_DELETE_SELF | IN_MOVE | \
		IN_MOVE_SELF | IN_ONLYDIR)

static bool hears_all(int dir)
{
	struct statfs s;

	if (fstatfs(dir, &s))
		return false;
	switch ((unsigned int)s.f_type) {
	case BCACHEFS_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case EXT4_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
	case RAMFS_MAGIC:
	case TMPFS_MAGIC:
	case XFS_MAGIC:
	case ZFS_MAGIC:
		return true;
	}
	return false;
}

/* By its descriptor, which stays that directory's. */
static int watch(struct hostfs *fs, int dir)
{
	int wd;

	if (!hears_all(dir))
		return -EOPNOTSUPP;
	if (fs->inotify < 0)
		fs->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fs->inotify < 0)
		return -errno;
	wd = inotify_add_watch(fs->inotify, hostfs_fd_path(dir).text, EVENTS);
	return wd < 0 ? -errno : wd;
}

int hostfs_watch(struct hostfs *fs, int root, const char *path, uint32_t len,
		 struct host_stat *st)
{
	struct stat now;
	struct place p;
	int dir, r;

	r = hostfs_find(fs, root, path, len, &p);
	if (r)
		return r;
	dir = hostfs_open_path(fs, &p, &now);
	r = dir < 0 ? dir : S_ISDIR(now.st_mode) ? 0 : -ENOTDIR;
	if (!r)
		r = hostfs_statx(p.root, dir, "", AT_EMPTY_PATH, st);
	hostfs_leave(&p);
	if (!r)
		r = watch(fs, dir);
	if (dir >= 0)
		close(dir);
	hostfs_refill(fs);
	return r;
}

void hostfs_unwatch(struct hostfs *fs, int watch)
{
	if (fs && fs->inotify >= 0)
		inotify_rm_watch(fs->inotify, watch);
}

/* Numbers of watches, each once where the same comes several times. */
struct heard {
	int *watches;
	uint32_t n, room;
	bool more;
};

static void hear(struct heard *h, const struct inotify_event *e)
{
	int watch = e->mask & IN_IGNORED ? -e->wd : e->wd;

	if (e->mask & IN_Q_OVERFLOW)
		h->more = true;
	else if (e->mask & IN_ATTRIB && e->len)
		return;		/* of a file in the directory */
	else if (h->n && h->watches[h->n - 1] == watch)
		return;
	else if (h->n < h->room)
		h->watches[h->n++] = watch;
	else
		h->more = true;
}

/* It may take longer to hear all than it takes others to change more. */
#define READS 16
#define LONGEST ((ssize_t)sizeof(struct inotify_event) + NAME_MAX + 1)

int hostfs_heard(struct hostfs *fs, int *watches, uint32_t n)
{
	char buf[4096] __attribute__((aligned(8)));
	struct heard h = { .watches = watches, .room = n };
	int waiting, i;
	ssize_t at, got;

	if (!fs || fs->inotify < 0 ||
	    (!ioctl(fs->inotify, FIONREAD, &waiting) && !waiting))
		return 0;
	for (i = 0; i < READS; i++) {
		got = read(fs->inotify, buf, sizeof(buf));
		for (at = 0; at < got;) {
			const struct inotify_event *e = (void *)(buf + at);

			hear(&h, e);
			at += sizeof(*e) + e->len;
		}
		/* if another had been there, it would have had room */
		if (got + LONGEST <= (ssize_t)sizeof(buf))
			return h.more ? -EOVERFLOW : (int)h.n;
	}
	return -EOVERFLOW;
}
