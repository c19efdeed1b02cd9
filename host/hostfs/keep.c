/* SPDX-License-Identifier: MIT */
/*
 * Directories and open files in a boot image: by their names on the host, and
 * what tells whether these are still the same files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/impl.h"

#define MAX_FILES (1 << 20)	/* more than a process can have open */

/* A root, number -1, or an open file. */
struct kept {
	int32_t number, root, flags;
	uint32_t mode;
	uint64_t dev, ino;
	/* of a regular file: the guest has some of it in its memory */
	int64_t size, sec, nsec;
	bool read_only, suid, readable, writable;
	char path[PATH_MAX];
	char only[NAME_MAX + 1], only_real[NAME_MAX + 1];
};

static void describe(struct kept *k, const struct stat *st)
{
	k->mode = st->st_mode & S_IFMT;
	k->dev = st->st_dev;
	k->ino = st->st_ino;
	if (!S_ISREG(st->st_mode))
		return;
	k->size = st->st_size;
	k->sec = st->st_mtim.tv_sec;
	k->nsec = st->st_mtim.tv_nsec;
}

static bool same(const struct kept *a, const struct stat *st)
{
	struct kept b = { 0 };

	describe(&b, st);
	return a->mode == b.mode && a->dev == b.dev && a->ino == b.ino &&
		a->size == b.size && a->sec == b.sec && a->nsec == b.nsec;
}

/* Its name must lead back to it. */
static int keep(struct kept *k, int fd)
{
	struct stat st;
	ssize_t n = readlink(hostfs_fd_path(fd).text, k->path, sizeof(k->path) - 1);

	if (n < 0 || fstat(fd, &st))
		return -errno;
	k->path[n] = 0;
	k->flags = fcntl(fd, F_GETFL) & (O_ACCMODE | O_PATH | O_DIRECTORY);
	describe(k, &st);
	return stat(k->path, &st) || !same(k, &st) ? -ESTALE : 0;
}

static int keep_root(struct kept *k, const struct root *root)
{
	/* it is locked for as long as this machine lives, and changes afterwards */
	if (root->layer)
		return -EMEDIUMTYPE;
	k->number = -1;
	k->read_only = root->read_only;
	k->suid = root->suid;
	if (root->only) {
		strcpy(k->only, root->only);
		strcpy(k->only_real, root->only_real);
	}
	return keep(k, root->fd);
}

static int keep_file(struct kept *k, int number, const struct file *f)
{
	k->number = number;
	k->root = f->root;
	k->readable = f->readable;
	k->writable = f->writable;
	return keep(k, f->fd);
}

int hostfs_save(const struct hostfs *fs, void **data, size_t *size, char *path,
		size_t n)
{
	struct kept *all = calloc(fs->nroots + fs->nfiles + 1, sizeof(*all)), *k = all;
	int i, r = all ? 0 : -ENOMEM;

	for (i = 0; i < fs->nroots && !r; i++)
		r = keep_root(k++, &fs->roots[i]);
	for (i = 0; i < fs->nfiles && !r; i++)
		if (fs->files[i].used)
			r = keep_file(k++, i, &fs->files[i]);
	if (r && all)
		snprintf(path, n, "%s", k[-1].path);
	if (r) {
		free(all);
		return r;
	}
	*data = all;
	*size = (k - all) * sizeof(*k);
	return 0;
}

/* --- later --- */

/* By O_PATH: only what it was before. */
static int open_kept(const struct kept *k, struct stat *st)
{
	int fd = open(k->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!fstat(fd, st) && same(k, st))
		return fd;
	close(fd);
	return -ESTALE;
}

/* What was the guest's may have become what it must not have. */
static int open_file(struct hostfs *fs, const struct kept *k, struct stat *st)
{
	const struct place place = { .dir_id = { .dev_major = -1 } };
	int path = open_kept(k, st), fd;

	if (path < 0)
		return path;
	fd = hostfs_check(fs, &place, "", path, st);
	if (!fd && k->flags & O_PATH)
		return path;
	if (!fd)
		fd = hostfs_reopen(fs, path, st, k->flags & O_ACCMODE);
	close(path);
	return fd;
}

static int load_root(struct hostfs *fs, const struct kept *k)
{
	struct root *roots = realloc(fs->roots, (fs->nroots + 1) * sizeof(*roots));
	struct root *root;
	struct stat st;
	int r = -ENOMEM;

	if (!roots)
		return -ENOMEM;
	fs->roots = roots;
	root = &roots[fs->nroots];
	*root = (struct root){ .fs = fs, .read_only = k->read_only, .suid = k->suid };
	if (*k->only) {
		root->only = strdup(k->only);
		root->only_real = strdup(k->only_real);
		if (!root->only || !root->only_real)
			goto out_free;
	}
	r = root->fd = open_kept(k, &st);
	if (r < 0)
		goto out_free;
	r = hostfs_check_root(fs, root->fd, &root->id);
	if (!r) {
		hostfs_owner_root(root);
		fs->nroots++;
		return 0;
	}
	close(root->fd);
out_free:
	free(root->only);
	free(root->only_real);
	return r;
}

static int make_room(struct hostfs *fs, int n)
{
	fs->files = calloc(n, sizeof(*fs->files));
	if (!fs->files)
		return -ENOMEM;
	fs->nfiles = n;
	return 0;
}

static int load_file(struct hostfs *fs, const struct kept *k)
{
	struct file *f = &fs->files[k->number];
	struct stat st;

	int r = hostfs_take(fs);

	if (r)
		return r;
	f->fd = open_file(fs, k, &st);
	if (f->fd < 0) {
		hostfs_give(fs);
		return f->fd;
	}
	f->id = hostfs_id(&st);
	f->used = true;
	f->readable = k->readable;
	f->writable = k->writable;
	f->root = k->root;
	return 0;
}

static void chain_free(struct hostfs *fs)
{
	int i;

	for (i = fs->nfiles - 1; i >= 0; i--) {
		if (fs->files[i].used)
			continue;
		fs->files[i].fd = fs->first_free;
		fs->first_free = i;
	}
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

/* Roots come first, then files by their numbers, each of one of those roots. */
static bool check_kept(const struct kept *k, const struct kept *all, int nroots)
{
	int before = k == all ? -1 : k[-1].number;

	if (k->flags & ~(O_ACCMODE | O_PATH | O_DIRECTORY) ||
	    !ends(k->path, sizeof(k->path)) || !ends(k->only, sizeof(k->only)) ||
	    !ends(k->only_real, sizeof(k->only_real)))
		return false;
	if (k->number == -1)
		return before == -1;
	return k->number > before && k->number < MAX_FILES &&
		k->root >= 0 && k->root < nroots;
}

static bool check_all(const struct kept *all, size_t n)
{
	size_t nroots = 0, i;

	while (nroots < n && all[nroots].number == -1)
		nroots++;
	for (i = 0; i < n; i++)
		if (!check_kept(&all[i], all, nroots))
			return false;
	return true;
}

int hostfs_load(struct hostfs *fs, const void *data, size_t size, char *path,
		size_t n)
{
	const struct kept *k = data, *end = k + size / sizeof(*k);
	int r = 0;

	fs->why = NULL;
	if (size % sizeof(*k) || !check_all(k, end - k)) {
		snprintf(path, n, "open files");
		return -EINVAL;
	}
	if (end > k && end[-1].number >= 0)
		r = make_room(fs, end[-1].number + 1);
	for (; k < end && !r; k++) {
		r = k->number < 0 ? load_root(fs, k) : load_file(fs, k);
		if (r)
			snprintf(path, n, "%s", k->path);
	}
	chain_free(fs);
	return r;
}
