/* SPDX-License-Identifier: MIT */
/* Host files by name: what stat, mkdir, rename and their like do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "core/stat.h"
#include "hostfs/impl.h"

/* The end of each function here: the call's result, and p left. */
static int done(struct place *p, int r)
{
	r = r < 0 ? -errno : r;
	hostfs_leave(p);
	return r;
}

/*
 * Could a change now leave ctime as it is?  A clock of file systems ticks each
 * 10 ms or faster, or each second; FAT's each two.
 */
static bool recent(const struct statx_timestamp *ctime)
{
	struct timespec now;
	int64_t sec, age;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	sec = now.tv_sec - ctime->tv_sec;
	if (sec > 2 || sec < 0)
		return sec < 0;
	age = sec * 1000000000 + now.tv_nsec - ctime->tv_nsec;
	return age < (ctime->tv_nsec ? 40000000 : 2000000000);
}

int hostfs_statx(const struct root *root, int dir, const char *name, int flags,
		 struct host_stat *st)
{
	struct statx x;

	if (statx(dir, name, flags | AT_SYMLINK_NOFOLLOW,
		  STATX_BASIC_STATS | STATX_BTIME, &x))
		return -errno;
	*st = host_stat(&x);
	st->dev_major = x.stx_dev_major;
	st->dev_minor = x.stx_dev_minor;
	st->rdev_major = x.stx_rdev_major;
	st->rdev_minor = x.stx_rdev_minor;
	st->recent = recent(&x.stx_ctime);
	hostfs_owner_show(root, dir, name, st);
	/* whoever may read the program that is to be run may run it */
	if (root->only && S_ISREG(st->mode))
		st->mode |= (st->mode & 0444) >> 2;
	return 0;
}

int hostfs_stat(struct hostfs *fs, int root, const char *path, uint32_t len,
		struct host_stat *st)
{
	struct host_stat now;
	struct place p;
	int r = hostfs_find(fs, root, path, len, &p);

	if (r)
		return r;
	r = hostfs_statx(p.root, p.dir, p.name, 0, &now);
	if (!r)
		r = hostfs_show(fs, &p, &now);
	hostfs_leave(&p);
	hostfs_dirs_check(fs, root, path, len, r ? NULL : &now);
	if (!r)
		*st = now;
	return r;
}

/* mode: Linux's MAY_READ, MAY_WRITE, MAY_EXEC are R_OK, W_OK, X_OK. */
int hostfs_access(struct hostfs *fs, int root, const char *path, uint32_t len,
		  int mode)
{
	struct stat st;
	struct place p;
	int r, fd;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (mode & W_OK)
		r = hostfs_find_rw(fs, root, path, len, &p);
	else
		r = hostfs_find(fs, root, path, len, &p);
	if (r)
		return r;
	fd = hostfs_open_path(fs, &p, &st);
	if (fd < 0) {
		hostfs_leave(&p);
		return fd;
	}
	close(fd);
	hostfs_refill(fs);
	if (p.root->only)
		mode &= ~X_OK;
	return done(&p, faccessat(p.dir, p.name, mode,
				  AT_EACCESS | AT_SYMLINK_NOFOLLOW));
}

int hostfs_symlink(struct hostfs *fs, int root, const char *path, uint32_t len,
		   const char *target, uint32_t target_len,
		   const struct hostfs_owner *owner)
{
	char to[PATH_MAX];
	struct caps caps;
	struct place p;
	int r;

	if (target_len >= sizeof(to))
		return -ENAMETOOLONG;
	memcpy(to, target, target_len);
	to[target_len] = '\0';
	if (strlen(to) != target_len)
		return -EINVAL;
	r = hostfs_find_new(fs, root, path, len, &p);
	if (r)
		return r;
	hostfs_make_as(fs, owner, &caps);
	r = symlinkat(to, p.dir, p.name);
	hostfs_made(&caps);
	return done(&p, r);
}

int hostfs_readlink(struct hostfs *fs, int root, const char *path,
		    uint32_t len, char *buf, uint32_t n)
{
	struct place p;
	int r = hostfs_find(fs, root, path, len, &p);

	if (r)
		return r;
	return done(&p, readlinkat(p.dir, p.name, buf, n));
}

int hostfs_unlink(struct hostfs *fs, int root, const char *path, uint32_t len)
{
	struct place p;
	int r = hostfs_find_old(fs, root, path, len, &p);

	if (r)
		return r;
	return done(&p, unlinkat(p.dir, p.name, 0));
}

int hostfs_rmdir(struct hostfs *fs, int root, const char *path, uint32_t len)
{
	struct place p;
	int r = hostfs_find_old(fs, root, path, len, &p);

	if (r)
		return r;
	return done(&p, unlinkat(p.dir, p.name, AT_REMOVEDIR));
}

/*
 * The guest applied its umask to mode; what ours took away is given back.  A
 * set-group-ID bit that the host gave to a new directory stays.  Some file
 * systems have no modes: no error then.
 */
static void undo_umask(struct hostfs *fs, struct place *p, mode_t mode)
{
	struct stat st;
	int fd;

	if (!(mode & fs->umask & 0777))
		return;
	fd = hostfs_open_path(fs, p, &st);
	if (fd < 0)
		return;
	/* if it is still what was made */
	if (!((st.st_mode ^ mode) & S_IFMT)) {
		if (S_ISDIR(mode))
			mode |= st.st_mode & S_ISGID;
		chmod(hostfs_fd_path(fd).text, mode & 07777);
	}
	close(fd);
	hostfs_refill(fs);
}

int hostfs_mkdir(struct hostfs *fs, int root, const char *path, uint32_t len,
		 int mode, const struct hostfs_owner *owner)
{
	struct caps caps;
	struct place p;
	int r = hostfs_find_new(fs, root, path, len, &p);

	if (r)
		return r;
	mode &= 01777;
	hostfs_make_as(fs, owner, &caps);
	r = mkdirat(p.dir, p.name, mode);
	hostfs_made(&caps);
	if (!r)
		undo_umask(fs, &p, S_IFDIR | mode);
	r = r < 0 ? -errno : 0;
	if (!r)
		hostfs_owner_keep(fs, &p, S_IFDIR, owner);
	hostfs_leave(&p);
	return r;
}

int hostfs_mknod(struct hostfs *fs, int root, const char *path, uint32_t len,
		 int mode, const struct hostfs_owner *owner)
{
	struct caps caps;
	struct place p;
	int r;

	if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISCHR(mode))
		return -EPERM;
	r = hostfs_find_new(fs, root, path, len, &p);
	if (r)
		return r;
	if (!hostfs_mode_allowed(p.root, mode) || (S_ISCHR(mode) && !p.root->layer)) {
		hostfs_leave(&p);
		return -EPERM;
	}
	mode &= S_IFMT | 07777;
	hostfs_make_as(fs, owner, &caps);
	r = mknodat(p.dir, p.name, mode, 0);
	hostfs_made(&caps);
	if (!r)
		undo_umask(fs, &p, mode);
	r = r < 0 ? -errno : 0;
	if (!r)
		hostfs_owner_keep(fs, &p, mode & S_IFMT, owner);
	hostfs_leave(&p);
	return r;
}

int hostfs_rename(struct hostfs *fs, int root, const char *old,
		  uint32_t old_len, const char *new, uint32_t new_len,
		  int flags)
{
	struct place from, to;
	int r;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	r = hostfs_find_old(fs, root, old, old_len, &from);
	if (r)
		return r;
	if (flags & RENAME_WHITEOUT && !from.root->layer) {
		hostfs_leave(&from);
		return -EINVAL;
	}
	if (flags & RENAME_EXCHANGE)
		r = hostfs_find_old(fs, root, new, new_len, &to);
	else
		r = hostfs_find_new(fs, root, new, new_len, &to);
	/* what would be replaced */
	if (r == -EEXIST && !(flags & ~RENAME_WHITEOUT))
		r = -EBUSY;
	if (!r)
		r = done(&to, renameat2(from.dir, from.name, to.dir, to.name,
					flags));
	hostfs_leave(&from);
	return r;
}

/*
 * What is linked is what was looked at.  An image is not: the guest could have
 * another name of it when its own is no more, or is another's.
 */
static int link_from(struct hostfs *fs, const struct place *from,
		     const struct place *to)
{
	struct stat st;
	int fd = hostfs_open_path(fs, from, &st), r, file;

	if (fd < 0)
		return fd;
	r = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? -EPERM : 0;
	if (S_ISREG(st.st_mode)) {
		file = hostfs_reopen(fs, fd, &st, O_RDONLY);
		if (file >= 0 && hostfs_is_image(file))
			r = -EPERM;
		if (file >= 0)
			close(file);
	}
	if (!r && linkat(AT_FDCWD, hostfs_fd_path(fd).text, to->dir, to->name,
			 AT_SYMLINK_FOLLOW))
		r = -errno;
	close(fd);
	hostfs_refill(fs);
	return r;
}

int hostfs_link(struct hostfs *fs, int root, const char *old, uint32_t old_len,
		const char *new, uint32_t new_len)
{
	struct place from, to;
	int r = hostfs_find_rw(fs, root, old, old_len, &from);

	if (r)
		return r;
	r = hostfs_find_new(fs, root, new, new_len, &to);
	if (!r) {
		r = link_from(fs, &from, &to);
		hostfs_leave(&to);
	}
	hostfs_leave(&from);
	return r;
}

int hostfs_statfs(struct hostfs *fs, int root, struct host_statfs *st)
{
	struct statfs s;

	if (!fs || root < 0 || root >= fs->nroots)
		return -ENOENT;
	if (fstatfs(fs->roots[root].fd, &s))
		return -errno;
	*st = (struct host_statfs){
		.blocks = s.f_blocks,
		.bfree = s.f_bfree,
		.bavail = s.f_bavail,
		.files = s.f_files,
		.ffree = s.f_ffree,
		.bsize = s.f_bsize,
		.namelen = s.f_namelen,
	};
	memcpy(st->fsid, &s.f_fsid, sizeof(st->fsid));
	return 0;
}
