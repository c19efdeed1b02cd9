/* SPDX-License-Identifier: MIT */
/*
 * Directories that paths led through lately, kept open: without them each look
 * at a file would resolve its whole path anew.
 *
 * A kept directory is used without asking whether its path still leads to it.
 * The guest asks that: it looks at each component of a path, one by one, before
 * it goes on below it, and hostfs_dirs_check() drops a directory that is no
 * longer what is found at its path.  What remains is what a process has in
 * Linux: the directory that it is in stays the same when it is renamed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostfs/impl.h"
#include "core/share.h"

static uint32_t hash_of(int root, const char *path, uint32_t len)
{
	uint32_t h = 2166136261u + root;

	while (len--)
		h = (h ^ (unsigned char)*path++) * 16777619u;
	return h;
}

static struct dir *find(struct hostfs *fs, int root, const char *path,
			uint32_t len)
{
	uint32_t hash = hash_of(root, path, len);
	struct dir *d;

	for (d = fs->dirs; d < fs->dirs + DIRS; d++)
		if (d->path && d->hash == hash && d->root == root &&
		    d->len == len && !memcmp(d->path, path, len))
			return d;
	return NULL;
}

static void drop(struct hostfs *fs, struct dir *d)
{
	close(d->fd);
	hostfs_give(fs);
	free(d->path);
	*d = (struct dir){ 0 };
}

static bool same(const struct dir *d, const struct host_stat *st)
{
	struct id id = hostfs_stat_id(st);

	return same_id(&d->id, &id);
}

struct dir *hostfs_dirs_get(struct hostfs *fs, int root, const char *path,
			    uint32_t len)
{
	struct dir *d = find(fs, root, path, len);

	if (d) {
		d->used = ++fs->dirs_clock;
		d->pins++;
	}
	return d;
}

struct dir *hostfs_dirs_add(struct hostfs *fs, int root, const char *path,
			    uint32_t len, int fd, const struct id *id)
{
	struct dir *d, *oldest = NULL;
	char *copy;

	for (d = fs->dirs; d < fs->dirs + DIRS; d++)
		if (!d->pins && (!oldest || d->used < oldest->used))
			oldest = d;
	if (!oldest)
		return NULL;
	copy = malloc(len);
	if (!copy)
		return NULL;
	if (oldest->path)
		drop(fs, oldest);
	/* not by hostfs_take(), which gives up directories for it */
	if (!share_take(&share_files, fs->count, 1)) {
		free(copy);
		return NULL;
	}
	memcpy(copy, path, len);
	*oldest = (struct dir){
		.path = copy,
		.len = len,
		.hash = hash_of(root, path, len),
		.root = root,
		.fd = fd,
		.pins = 1,
		.used = ++fs->dirs_clock,
		.id = *id,
	};
	return oldest;
}

void hostfs_dirs_check(struct hostfs *fs, int root, const char *path,
		       uint32_t len, const struct host_stat *st)
{
	struct dir *d = find(fs, root, path, len);

	if (d && !d->pins && !(st && same(d, st)))
		drop(fs, d);
}

bool hostfs_dirs_flush(struct hostfs *fs)
{
	bool any = false;
	struct dir *d;

	for (d = fs->dirs; d < fs->dirs + DIRS; d++) {
		if (!d->path || d->pins)
			continue;
		drop(fs, d);
		any = true;
	}
	return any;
}
