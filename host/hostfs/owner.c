/* SPDX-License-Identifier: MIT */
/*
 * Whose a file is that the guest makes: its maker's, where this process may make
 * files of others.  It does so as that user: what is made has its owner from the
 * first moment on, whatever somebody puts in its place then.
 *
 * Where it may not, all files are our user's.  Whose they are for the guest is
 * kept in an extended attribute of them, "UID:GID", which is believed of files of
 * our user only.  The host's own checks are as ever: it gives nobody any right
 * but in the guest, over files that the guest has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "hostfs/impl.h"

static int get_caps(struct caps *caps)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &h, caps->data);
}

static int set_caps(const struct caps *caps)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &h, caps->data);
}

static bool has(const struct caps *caps, int cap)
{
	return caps->data[0].effective & 1u << cap;
}

void hostfs_owner_init(struct hostfs *fs)
{
	struct caps caps;

	fs->uid = geteuid();
	fs->gid = getegid();
	fs->gives = !get_caps(&caps) && has(&caps, CAP_SETUID) &&
		has(&caps, CAP_SETGID) && has(&caps, CAP_CHOWN);
}

/*
 * The thread makes a file as its owner.  It keeps its rights, which the kernel
 * takes from who is not root: the guest's kernel has checked its process's, whose
 * groups are not ours.  A user whom the host does not have (user namespaces)
 * makes files as we do.
 */
void hostfs_make_as(const struct hostfs *fs, const struct hostfs_owner *o,
		    struct caps *caps)
{
	caps->kept = false;
	if (!o || !fs->gives || (o->uid == fs->uid && o->gid == fs->gid) ||
	    get_caps(caps))
		return;
	caps->kept = true;
	caps->gid = setfsgid(o->gid);
	caps->uid = setfsuid(o->uid);
	set_caps(caps);
}

/* errno stays that of what was done. */
void hostfs_made(const struct caps *caps)
{
	int err = errno;

	if (caps->kept) {
		setfsuid(caps->uid);
		setfsgid(caps->gid);
		set_caps(caps);
	}
	errno = err;
}

/* --- the attribute --- */

static const char attribute[] = "user.muslin.owner";

/*
 * Of a root below which there are such files.  Where there are none, which is
 * nearly everywhere, not each file is asked: that takes longer than stat.
 */
static const char mark[] = "user.muslin.owners";

#define NOBODY UINT32_MAX	/* no user's, and no group's, number */

/* Others have no attributes of users. */
static bool can_keep(const struct hostfs *fs, uid_t uid, mode_t mode)
{
	return !fs->gives && uid == fs->uid && (S_ISREG(mode) || S_ISDIR(mode));
}

/* Somebody else may have written it. */
static bool parse(const char *text, struct hostfs_owner *o)
{
	int n = 0;

	return sscanf(text, "%10u:%10u%n", &o->uid, &o->gid, &n) == 2 && !text[n] &&
		o->uid != NOBODY && o->gid != NOBODY;
}

bool hostfs_owner_show(const struct root *root, int dir, const char *name,
		       struct host_stat *st)
{
	char path[sizeof(struct fd_path) + 1 + NAME_MAX], text[32];
	struct hostfs_owner o;
	ssize_t n;

	if (!root->owners || !can_keep(root->fs, st->uid, st->mode))
		return false;
	snprintf(path, sizeof(path), "%s%s%s", hostfs_fd_path(dir).text,
		 *name ? "/" : "", name);
	n = (*name ? lgetxattr : getxattr)(path, attribute, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (strlen(text) != (size_t)n || !parse(text, &o))
		return false;
	st->uid = o.uid;
	st->gid = o.gid;
	return true;
}

void hostfs_owner_root(struct root *root)
{
	root->owners = !root->fs->gives &&
		getxattr(hostfs_fd_path(root->fd).text, mark, NULL, 0) >= 0;
}

static int mark_root(struct root *root)
{
	if (root->owners)
		return 0;
	if (setxattr(hostfs_fd_path(root->fd).text, mark, "1", 1, 0))
		return -errno;
	root->owners = true;
	return 0;
}

/* Who may not read and write a file may not write its attributes. */
static int put_owner(struct root *root, int fd, mode_t mode,
		     const struct hostfs_owner *o)
{
	bool ours = o->uid == root->fs->uid && o->gid == root->fs->gid;
	bool closed = (mode & 0600) != 0600;
	struct fd_path path = hostfs_fd_path(fd);
	char text[32];
	int n, r = mark_root(root);

	if (r)
		return r;
	n = snprintf(text, sizeof(text), "%u:%u", o->uid, o->gid);
	if (closed && chmod(path.text, (mode & 07777) | 0600))
		return -errno;
	r = ours ? removexattr(path.text, attribute) :
		setxattr(path.text, attribute, text, n, 0);
	r = r ? -errno : 0;
	if (closed)
		chmod(path.text, mode & 07777);
	return r == -ENODATA ? 0 : r;
}

/* In a set-group-ID directory a file gets that one's group. */
static uint32_t new_group(const struct place *p, uint32_t gid)
{
	struct host_stat dir;

	if (hostfs_statx(p->root, p->dir, "", AT_EMPTY_PATH, &dir))
		return gid;
	return dir.mode & S_ISGID ? dir.gid : gid;
}

/* If it cannot be kept (there are file systems without), it is as without. */
void hostfs_owner_keep(struct hostfs *fs, const struct place *p, mode_t type,
		       const struct hostfs_owner *o)
{
	struct hostfs_owner new;
	struct stat st;
	int fd;

	if (!o || fs->gives || !o->uid || o->uid == fs->uid ||
	    o->uid == NOBODY || o->gid == NOBODY)
		return;
	new = (struct hostfs_owner){ o->uid, new_group(p, o->gid) };
	fd = hostfs_open_path(fs, p, &st);
	if (fd < 0)
		return;
	/* if it is still what was made */
	if (!((st.st_mode ^ type) & S_IFMT) && can_keep(fs, st.st_uid, st.st_mode))
		put_owner(p->root, fd, st.st_mode, &new);
	close(fd);
	hostfs_refill(fs);
}

int hostfs_chown(struct root *root, int fd, const struct stat *st,
		 uint32_t uid, uint32_t gid)
{
	int r = fchownat(fd, "", uid, gid, AT_EMPTY_PATH) ? -errno : 0;
	struct host_stat now;
	struct hostfs_owner o;
	bool kept;

	if ((r && r != -EPERM) || !can_keep(root->fs, st->st_uid, st->st_mode))
		return r;
	now = (struct host_stat){ .mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid };
	kept = hostfs_owner_show(root, fd, "", &now);
	if (!r && !kept)
		return 0;
	o.uid = uid == NOBODY ? now.uid : uid;
	o.gid = gid == NOBODY ? now.gid : gid;
	return put_owner(root, fd, st->st_mode, &o) ? -EPERM : 0;
}
