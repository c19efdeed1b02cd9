/* SPDX-License-Identifier: MIT */
/* Changing mode, owner, size and times of a host file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs-impl.h"

/* What is changed: an open file, or else a name. */
struct target {
	int fd;			/* -1: none */
	bool writable;
	int dir;
	const char *name;
};

static int set_owner(const struct target *t, const struct host_attr *attr)
{
	uid_t uid = attr->valid & HOST_ATTR_UID ? attr->uid : (uid_t)-1;
	gid_t gid = attr->valid & HOST_ATTR_GID ? attr->gid : (gid_t)-1;

	if (t->fd >= 0)
		return fchown(t->fd, uid, gid);
	return fchownat(t->dir, t->name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

static int set_mode(const struct target *t, mode_t mode)
{
	mode &= 07777;
	if (t->fd >= 0)
		return fchmod(t->fd, mode);
	return fchmodat(t->dir, t->name, mode, AT_SYMLINK_NOFOLLOW);
}

static int set_size(const struct target *t, uint64_t size)
{
	int fd, r, err;

	if (t->writable)
		return ftruncate(t->fd, size);
	fd = openat(t->dir, t->name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = ftruncate(fd, size);
	err = errno;
	close(fd);
	errno = err;
	return r;
}

static struct timespec new_time(unsigned int set, unsigned int now,
				const struct host_time *t)
{
	if (set)
		return (struct timespec){ t->sec, t->nsec };
	return (struct timespec){ 0, now ? UTIME_NOW : UTIME_OMIT };
}

static int set_times(const struct target *t, const struct host_attr *attr)
{
	unsigned int v = attr->valid;
	struct timespec ts[2] = {
		new_time(v & HOST_ATTR_ATIME, v & HOST_ATTR_ATIME_NOW,
			 &attr->atime),
		new_time(v & HOST_ATTR_MTIME, v & HOST_ATTR_MTIME_NOW,
			 &attr->mtime),
	};

	if (t->fd >= 0)
		return futimens(t->fd, ts);
	return utimensat(t->dir, t->name, ts, AT_SYMLINK_NOFOLLOW);
}

#define TIMES (HOST_ATTR_ATIME | HOST_ATTR_MTIME | \
	       HOST_ATTR_ATIME_NOW | HOST_ATTR_MTIME_NOW)

/* The mode after the owner, which clears bits; the times after the size. */
static int set(const struct target *t, const struct host_attr *attr)
{
	if (attr->valid & (HOST_ATTR_UID | HOST_ATTR_GID) && set_owner(t, attr))
		return -errno;
	if (attr->valid & HOST_ATTR_MODE && set_mode(t, attr->mode))
		return -errno;
	if (attr->valid & HOST_ATTR_SIZE && set_size(t, attr->size))
		return -errno;
	if (attr->valid & TIMES && set_times(t, attr))
		return -errno;
	return 0;
}

int hostfs_setattr(struct hostfs *fs, int file, int root, const char *path,
		   uint32_t len, const struct host_attr *attr)
{
	struct target t = { .fd = -1 };
	struct place p;
	int r;

	if (file >= 0) {
		struct file *f = hostfs_file(fs, file);

		if (!f)
			return -EBADF;
		if (fs->roots[f->root].read_only)
			return -EROFS;
		t.fd = f->fd;
		t.writable = f->writable;
		/* a file open for reading cannot be truncated: by its name */
		if (t.writable || !(attr->valid & HOST_ATTR_SIZE))
			return set(&t, attr);
	}
	r = hostfs_find_rw(fs, root, path, len, &p);
	if (r)
		return r;
	t.dir = p.dir;
	t.name = p.name;
	r = set(&t, attr);
	hostfs_leave(&p);
	return r;
}
