/* SPDX-License-Identifier: MIT */
/* Changing mode, owner, size and times of a host file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/impl.h"

/* What is changed: an open file, or else by_path, which is O_PATH. */
struct target {
	struct hostfs *fs;
	struct root *root;
	int fd;
	bool by_path;
	bool writable;
	struct stat st;
};

static int set_owner(const struct target *t, const struct host_attr *attr)
{
	uid_t uid = attr->valid & HOST_ATTR_UID ? attr->uid : (uid_t)-1;
	gid_t gid = attr->valid & HOST_ATTR_GID ? attr->gid : (gid_t)-1;

	return hostfs_chown(t->root, t->fd, &t->st, uid, gid);
}

static int set_mode(const struct target *t, mode_t mode)
{
	int r;

	mode &= 07777;
	if (S_ISLNK(t->st.st_mode))
		return -EOPNOTSUPP;
	if (t->by_path)
		r = chmod(hostfs_fd_path(t->fd).text, mode);
	else
		r = fchmod(t->fd, mode);
	return r ? -errno : 0;
}

static int set_size(const struct target *t, uint64_t size)
{
	int fd, r;

	if (size > INT64_MAX)
		return -EINVAL;
	if (size > t->fs->largest && size > (uint64_t)t->st.st_size)
		return -EFBIG;
	if (size > (uint64_t)t->st.st_size) {
		r = hostfs_quota_take(t->fs, size - t->st.st_size);
		if (r)
			return r;
	}
	if (t->writable)
		return ftruncate(t->fd, size) ? -errno : 0;
	fd = hostfs_reopen(t->fs, t->fd, &t->st, O_WRONLY);
	if (fd < 0)
		return fd;
	r = ftruncate(fd, size) ? -errno : 0;
	close(fd);
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

	int r;

	if (t->by_path)
		r = utimensat(AT_FDCWD, hostfs_fd_path(t->fd).text, ts, 0);
	else
		r = futimens(t->fd, ts);
	return r ? -errno : 0;
}

#define TIMES (HOST_ATTR_ATIME | HOST_ATTR_MTIME | \
	       HOST_ATTR_ATIME_NOW | HOST_ATTR_MTIME_NOW)
#define OWNER (HOST_ATTR_UID | HOST_ATTR_GID)
#define ALL (HOST_ATTR_MODE | OWNER | HOST_ATTR_SIZE | TIMES)

static bool possible(const struct host_attr *attr)
{
	return !(attr->valid & ~ALL) &&
		!(attr->valid & HOST_ATTR_ATIME && attr->atime.nsec >= 1000000000) &&
		!(attr->valid & HOST_ATTR_MTIME && attr->mtime.nsec >= 1000000000);
}

static bool is_image(const struct target *t)
{
	int fd;
	bool r;

	if (!S_ISREG(t->st.st_mode))
		return false;
	fd = hostfs_reopen(t->fs, t->fd, &t->st, O_RDONLY);
	if (fd < 0)
		return false;
	r = hostfs_is_image(fd);
	close(fd);
	return r;
}

/*
 * Of an image neither the size, nor that we can read it: then nobody could tell
 * any more that it is one.
 */
static int allowed(const struct target *t, const struct host_attr *attr)
{
	mode_t type = t->st.st_mode & S_IFMT;
	bool hides = attr->valid & HOST_ATTR_MODE && !(attr->mode & S_IRUSR);

	if (type == S_IFCHR || type == S_IFBLK)
		return -EPERM;
	if (attr->valid & HOST_ATTR_MODE &&
	    !hostfs_mode_allowed(t->root, type | (attr->mode & 07777)))
		return -EPERM;
	if (hides || (attr->valid & HOST_ATTR_SIZE && !t->writable))
		return is_image(t) ? -EPERM : 0;
	return 0;
}

/* The mode after the owner, which clears bits; the times after the size. */
static int set(const struct target *t, const struct host_attr *attr)
{
	int r = allowed(t, attr);

	if (!r && attr->valid & OWNER)
		r = set_owner(t, attr);
	if (!r && attr->valid & HOST_ATTR_MODE)
		r = set_mode(t, attr->mode);
	if (!r && attr->valid & HOST_ATTR_SIZE)
		r = set_size(t, attr->size);
	if (!r && attr->valid & TIMES)
		r = set_times(t, attr);
	return r;
}

static int set_by_path(struct hostfs *fs, int root, const char *path,
		       uint32_t len, const struct host_attr *attr)
{
	struct target t = { .fs = fs, .by_path = true };
	struct place p;
	int r;

	r = hostfs_find_rw(fs, root, path, len, &p);
	if (r)
		return r;
	t.root = p.root;
	t.fd = hostfs_open_path(fs, &p, &t.st);
	hostfs_leave(&p);
	if (t.fd < 0)
		return t.fd;
	r = set(&t, attr);
	close(t.fd);
	hostfs_refill(fs);
	return r;
}

static int set_by_file(struct hostfs *fs, const struct file *f,
		       const struct host_attr *attr)
{
	struct target t = {
		.fs = fs,
		.root = &fs->roots[f->root],
		.fd = f->fd,
		.writable = f->writable,
	};

	if (!f->readable && !f->writable)
		return -EBADF;
	return fstat(t.fd, &t.st) ? -errno : set(&t, attr);
}

int hostfs_setattr(struct hostfs *fs, int file, int root, const char *path,
		   uint32_t len, const struct host_attr *new)
{
	/* not in the guest's memory, which it may change meanwhile */
	const struct host_attr attr = *new;
	struct file *f;

	if (!possible(&attr))
		return -EINVAL;
	if (file < 0)
		return set_by_path(fs, root, path, len, &attr);
	f = hostfs_file(fs, file);
	if (!f)
		return -EBADF;
	if (fs->roots[f->root].read_only)
		return -EROFS;
	/* a file open for reading cannot be truncated: by its name */
	if (f->writable || !(attr.valid & HOST_ATTR_SIZE))
		return set_by_file(fs, f, &attr);
	return set_by_path(fs, root, path, len, &attr);
}
