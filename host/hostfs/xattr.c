/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: those of users, but not our own, of files and directories.
 * The host's other names are rights, or what its own programs think of a file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "hostfs/impl.h"

#define OURS "user.muslin."

struct attribute {
	char name[XATTR_NAME_MAX + 1];
};

/* As the kernel passed it. */
static int take_name(struct attribute *a, const char *name, uint32_t len)
{
	if (len >= sizeof(a->name))
		return -ERANGE;
	memcpy(a->name, name, len);
	a->name[len] = '\0';
	if (strlen(a->name) != len || strncmp(a->name, "user.", 5) || len == 5)
		return -EOPNOTSUPP;
	return strncmp(a->name, OURS, strlen(OURS)) ? 0 : -EPERM;
}

/* The file, whose attributes fd leads to: to be closed. */
static int open_file(struct hostfs *fs, int root, const char *path, uint32_t len, bool change)
{
	struct stat st;
	struct place p;
	int fd;

	fd = change ? hostfs_find_rw(fs, root, path, len, &p) :
		hostfs_find(fs, root, path, len, &p);
	if (fd)
		return fd;
	fd = hostfs_open_path(fs, &p, &st);
	hostfs_leave(&p);
	if (fd < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return fd;
	close(fd);
	hostfs_refill(fs);
	return change ? -EPERM : -ENODATA;
}

static int close_file(struct hostfs *fs, int fd, ssize_t r)
{
	int err = errno;

	close(fd);
	hostfs_refill(fs);
	return r < 0 ? -err : r;
}

int hostfs_getxattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		    const char *name, uint32_t name_len, void *value, uint32_t n)
{
	struct attribute a;
	int fd, r = take_name(&a, name, name_len);

	if (r)
		return r == -EPERM ? -ENODATA : r;
	fd = open_file(fs, root, path, len, false);
	if (fd < 0)
		return fd;
	return close_file(fs, fd, getxattr(hostfs_fd_path(fd).text, a.name, value, n));
}

int hostfs_setxattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		    const char *name, uint32_t name_len, const void *value, uint32_t n,
		    int flags)
{
	struct attribute a;
	int fd, r = take_name(&a, name, name_len);

	if (r)
		return r;
	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (n > XATTR_SIZE_MAX)
		return -E2BIG;
	r = hostfs_quota_take(fs, n + name_len);
	if (r)
		return r;
	fd = open_file(fs, root, path, len, true);
	if (fd < 0)
		return fd;
	return close_file(fs, fd, setxattr(hostfs_fd_path(fd).text, a.name, value, n, flags));
}

int hostfs_removexattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		       const char *name, uint32_t name_len)
{
	struct attribute a;
	int fd, r = take_name(&a, name, name_len);

	if (r)
		return r;
	fd = open_file(fs, root, path, len, true);
	if (fd < 0)
		return fd;
	return close_file(fs, fd, removexattr(hostfs_fd_path(fd).text, a.name));
}

/* The names that the guest may have, moved together. */
static uint32_t visible(char *names, uint32_t n)
{
	uint32_t at, size, done = 0;

	for (at = 0; at < n; at += size) {
		size = strlen(names + at) + 1;
		if (strncmp(names + at, "user.", 5) || !strncmp(names + at, OURS, strlen(OURS)))
			continue;
		memmove(names + done, names + at, size);
		done += size;
	}
	return done;
}

int hostfs_listxattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		     char *names, uint32_t n)
{
	int fd = open_file(fs, root, path, len, false), r;
	char *all;

	if (fd < 0)
		return fd == -ENODATA ? 0 : fd;
	/* not in the guest's memory, which it may change meanwhile */
	all = malloc(XATTR_LIST_MAX + 1);
	if (!all)
		return errno = ENOMEM, close_file(fs, fd, -1);
	r = close_file(fs, fd, listxattr(hostfs_fd_path(fd).text, all, XATTR_LIST_MAX));
	all[r > 0 ? r : 0] = '\0';
	if (r > 0)
		r = visible(all, r);
	if (r > 0 && n && (uint32_t)r > n)
		r = -ERANGE;
	if (r > 0 && n)
		memcpy(names, all, r);
	free(all);
	return r;
}
