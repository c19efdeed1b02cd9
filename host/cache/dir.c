/* SPDX-License-Identifier: MIT */
/* Where the cache is, and whether it is ours alone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cache/cache.h"

#define DEFAULT_LIMIT (1ull << 30)

int cache_path(char *path, size_t n)
{
	const char *dir = getenv("MUSLIN_CACHE");
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int len;

	if (dir && *dir)
		len = snprintf(path, n, "%s", dir);
	else if (xdg && *xdg == '/')
		len = snprintf(path, n, "%s/muslin", xdg);
	else if (home && *home == '/')
		len = snprintf(path, n, "%s/.cache/muslin", home);
	else
		return -ENOENT;
	return len < (int)n ? 0 : -ENAMETOOLONG;
}

int cache_limit(uint64_t *limit)
{
	static const char units[] = "KMG";
	const char *text = getenv("MUSLIN_CACHE_SIZE"), *unit = NULL;
	unsigned long long n;
	char *end;

	*limit = DEFAULT_LIMIT;
	if (!text || !*text)
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end)
		unit = strchr(units, *end);
	if (errno || *text < '0' || *text > '9' || (*end && (!unit || end[1])))
		return -EINVAL;
	for (; unit && unit >= units; unit--)
		n = n > UINT64_MAX >> 10 ? UINT64_MAX : n << 10;
	*limit = n;
	return 0;
}

static void make_directories(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		mkdir(path, 0700);
		*p = '/';
	}
	mkdir(path, 0700);
}

static bool others_write(const struct stat *st)
{
	return st->st_mode & (S_IWGRP | S_IWOTH);
}

/*
 * From the root down, so that nobody can put another directory in the place
 * of one that was looked at.  Each is root's or ours; in one that others
 * write to they can do nothing to what is in it (/tmp).  In a user namespace
 * root may have any number, which is that of the root directory's owner.
 */
static int open_trusted(char *real, const char **why)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	char *name, *rest = NULL;
	struct stat st;
	uid_t root;

	if (fd < 0 || fstat(fd, &st))
		goto fail;
	root = st.st_uid;
	for (name = strtok_r(real, "/", &rest); name; ) {
		char *after = strtok_r(NULL, "/", &rest);

		*why = "another user can change a directory above it";
		if (others_write(&st) && !(st.st_mode & S_ISVTX))
			goto refuse;
		next = openat(fd, name, (after ? O_PATH : O_RDONLY) |
			      O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			goto fail;
		close(fd);
		fd = next;
		if (fstat(fd, &st))
			goto fail;
		if (after && st.st_uid && st.st_uid != geteuid() && st.st_uid != root)
			goto refuse;
		name = after;
	}
	*why = "it belongs to another user";
	if (st.st_uid != geteuid())
		goto refuse;
	*why = "other users can write to it";
	if (!others_write(&st))
		return fd;
refuse:
	close(fd);
	return -EPERM;
fail:
	*why = strerror(errno);
	next = -errno;
	if (fd >= 0)
		close(fd);
	return next;
}

int cache_open(bool make, char *error, size_t n)
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *why = NULL;
	uint64_t limit;
	int r;

	if (cache_limit(&limit)) {
		snprintf(error, n, "MUSLIN_CACHE_SIZE is %s, not a size as 512M or 1G are",
			 getenv("MUSLIN_CACHE_SIZE"));
		return -EINVAL;
	}
	r = cache_path(path, sizeof(path));
	if (r) {
		snprintf(error, n, "no directory for a cache: neither MUSLIN_CACHE nor HOME is set");
		return r;
	}
	if (make && access(path, F_OK))
		make_directories(path);
	if (realpath(path, real)) {
		r = open_trusted(real, &why);
	} else {
		r = -errno;
		why = strerror(errno);
	}
	if (r < 0)
		snprintf(error, n, r == -EPERM ? "%s is not used: %s" : "%s: %s",
			 path, why);
	return r;
}
