/* SPDX-License-Identifier: MIT */
/* All that is in the cache: lists, and what to keep. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cache/cache.h"
#include "muslin.h"

/* What is written, or locked, for longer was left by somebody who has died. */
#define TMP_SECONDS 3600

/* Sixteen digits, and suffix.  All else in the directory is not ours. */
static bool is_named(const char *name, const char *suffix)
{
	return strspn(name, "0123456789abcdef") == 16 && !strcmp(name + 16, suffix);
}

static bool is_entry(const char *name)
{
	return is_named(name, ".so") || is_named(name, CACHE_BOOT_SUFFIX);
}

static bool is_our_file(int dir, const char *name, struct stat *st)
{
	return !fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(st->st_mode) && st->st_uid == geteuid();
}

static int older(const void *a, const void *b)
{
	const struct cache_entry *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	if (x->used.tv_nsec != y->used.tv_nsec)
		return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int add(struct cache_entry **list, size_t have, const char *name,
	       const struct stat *st)
{
	struct cache_entry *e;

	/* room for 64, 128, 256 ... */
	if (!have || (have >= 64 && !(have & (have - 1)))) {
		e = realloc(*list, (have < 64 ? 64 : 2 * have) * sizeof(*e));
		if (!e)
			return -ENOMEM;
		*list = e;
	}
	e = &(*list)[have];
	memset(e, 0, sizeof(*e));
	strcpy(e->name, name);
	e->size = st->st_size;
	e->made = st->st_mtime;
	e->used = st->st_atim;
	return 0;
}

ssize_t cache_list(int dir, struct cache_entry **list)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;
	size_t n = 0;

	*list = NULL;
	if (!d) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (!r && (e = readdir(d))) {
		if (is_entry(e->d_name) && is_our_file(dir, e->d_name, &st)) {
			r = add(list, n, e->d_name, &st);
			n += !r;
		} else if ((is_named(e->d_name, ".tmp") ||
			    is_named(e->d_name, CACHE_LOCK_SUFFIX)) &&
			   is_our_file(dir, e->d_name, &st) &&
			   st.st_mtime < time(NULL) - TMP_SECONDS) {
			unlinkat(dir, e->d_name, 0);
		}
	}
	closedir(d);
	if (r) {
		free(*list);
		return r;
	}
	if (n)
		qsort(*list, n, sizeof(**list), older);
	return n;
}

void cache_trim(int dir, uint64_t limit, const char *keep)
{
	struct cache_entry *list;
	ssize_t n = cache_list(dir, &list), i;
	uint64_t total = 0;

	if (n < 0)
		return;
	for (i = 0; i < n; i++)
		total += list[i].size;
	for (i = 0; i < n && total > limit; i++) {
		if (!strcmp(list[i].name, keep))
			continue;
		unlinkat(dir, list[i].name, 0);
		total -= list[i].size;
	}
	free(list);
}

/* --- muslin.h --- */

int muslin_cache_dir(char *path, size_t n, uint64_t *limit)
{
	int r = cache_path(path, n);

	return r ? r : cache_limit(limit);
}

static int tell(int dir, const struct cache_entry *e,
		int (*fn)(void *arg, const struct muslin_cached *e), void *arg)
{
	struct muslin_cached c = {
		.size = e->size, .made = e->made, .used = e->used.tv_sec,
	};
	uint64_t size;
	bool boot = is_named(e->name, CACHE_BOOT_SUFFIX);
	int r, fd = boot ? -1 : cache_open_entry(dir, e->name, &size);
	char *program = fd < 0 ? NULL : cache_program(fd, size);

	if (fd >= 0)
		close(fd);
	c.program = boot ? MUSLIN_CACHED_BOOT : program;
	r = fn(arg, &c);
	free(program);
	if (r != MUSLIN_CACHE_REMOVE)
		return r;
	return unlinkat(dir, e->name, 0) && errno != ENOENT ? -errno : 0;
}

int muslin_cache(int (*fn)(void *arg, const struct muslin_cached *e), void *arg,
		 char *error, size_t n)
{
	int dir = cache_open(false, error, n), r = 0;
	struct cache_entry *list;
	char path[PATH_MAX];
	ssize_t count;

	/* nothing was put there yet */
	if (dir == -ENOENT && !cache_path(path, sizeof(path)))
		return 0;
	if (dir < 0)
		return dir;
	count = cache_list(dir, &list);
	for (ssize_t i = 0; i < count && !r; i++)
		r = tell(dir, &list[i], fn, arg);
	if (count >= 0)
		free(list);
	else
		r = count;
	close(dir);
	if (r < 0)
		snprintf(error, n, "%s", strerror(-r));
	return r;
}
