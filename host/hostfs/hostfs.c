/* SPDX-License-Identifier: MIT */
/* The directories that the embedder named. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/impl.h"
#include "core/share.h"

#define MOST_KEPT 256

/*
 * umask(2) can only be read by changing it, for all threads.  Without /proc
 * nothing is known of it: then no mode is as it was asked for.
 */
static mode_t get_umask(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	unsigned int mask = 0777;

	if (!f)
		return mask;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Umask: %o", &mask) == 1)
			break;
	fclose(f);
	return mask;
}

/* An eighth of the files that this process may have. */
static unsigned int how_many_to_keep(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return 0;
	return r.rlim_cur / 8 < MOST_KEPT ? r.rlim_cur / 8 : MOST_KEPT;
}

static uint64_t largest_file(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_FSIZE, &r) || r.rlim_cur == RLIM_INFINITY ?
		INT64_MAX : r.rlim_cur;
}

unsigned int hostfs_keep(const struct hostfs *fs)
{
	return fs ? fs->keep : 0;
}

struct hostfs *hostfs_create(void)
{
	struct hostfs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->first_free = -1;
	fs->inotify = -1;
	fs->umask = get_umask();
	hostfs_owner_init(fs);
	fs->keep = how_many_to_keep();
	fs->largest = largest_file();
	fs->count = &fs->own_count;
	fs->spare = -1;
	hostfs_refill(fs);
	return fs;
}

void hostfs_count(struct hostfs *fs, uint64_t *n)
{
	fs->count = n;
}

void hostfs_destroy(struct hostfs *fs)
{
	int i;

	if (!fs)
		return;
	for (i = 0; i < fs->nfiles; i++)
		hostfs_close(fs, i);
	for (i = 0; i < fs->nroots; i++) {
		close(fs->roots[i].fd);
		free(fs->roots[i].only);
		free(fs->roots[i].only_real);
	}
	hostfs_dirs_flush(fs);
	if (fs->inotify >= 0)
		close(fs->inotify);
	if (fs->spare >= 0)
		close(fs->spare);
	hostfs_guards_free(fs);
	free(fs->files);
	free(fs->roots);
	free(fs);
}

static int add_root(struct hostfs *fs, const struct root *root)
{
	struct root *roots;

	roots = realloc(fs->roots, (fs->nroots + 1) * sizeof(*roots));
	if (!roots)
		return -ENOMEM;
	roots[fs->nroots] = *root;
	roots[fs->nroots].fs = fs;
	hostfs_owner_root(&roots[fs->nroots]);
	fs->roots = roots;
	return fs->nroots++;
}

/* Takes root.fd. */
static int check_and_add(struct hostfs *fs, struct root *root)
{
	int r = hostfs_check_root(fs, root->fd, &root->id);

	if (!r)
		r = add_root(fs, root);
	if (r < 0)
		close(root->fd);
	return r;
}

int hostfs_add_dir(struct hostfs *fs, const char *path, int flags)
{
	struct root root = {
		.read_only = flags & HOSTFS_READ_ONLY,
		.suid = flags & HOSTFS_SUID,
		.layer = flags & HOSTFS_LAYER,
	};

	fs->why = NULL;
	root.fd = open(path, DIR_FLAGS);
	return root.fd < 0 ? -errno : check_and_add(fs, &root);
}

int hostfs_add_file(struct hostfs *fs, const char *path, const char *name)
{
	struct root root = { .read_only = true };
	char *real, *slash;
	int r;

	fs->why = NULL;
	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX)
		return -EINVAL;
	real = realpath(path, NULL);
	if (!real)
		return -errno;
	slash = strrchr(real, '/');
	root.only = strdup(name);
	root.only_real = strdup(slash + 1);
	r = -ENOMEM;
	if (!root.only || !root.only_real)
		goto out;
	slash[slash == real] = '\0';
	r = -errno;
	root.fd = open(real, DIR_FLAGS);
	if (root.fd < 0) {
		r = -errno;
		goto out;
	}
	r = check_and_add(fs, &root);
out:
	if (r < 0) {
		free(root.only);
		free(root.only_real);
	}
	free(real);
	return r;
}

void hostfs_each_root(const struct hostfs *fs,
		      void (*fn)(void *arg, int fd, bool read_only), void *arg)
{
	for (int i = 0; i < fs->nroots; i++) {
		const struct root *r = &fs->roots[i];
		int file = r->only ? openat(r->fd, r->only_real, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;

		if (!r->only)
			fn(arg, r->fd, r->read_only);
		if (file < 0)
			continue;
		fn(arg, file, true);
		close(file);
	}
}

/*
 * The host's limit of open files is the whole machine's: the guest's process
 * has not reached its own.
 */
int hostfs_openat(struct hostfs *fs, int dir, const char *name, int flags,
		  mode_t mode)
{
	int fd = openat(dir, name, flags | O_CLOEXEC, mode);

	/* directories that are only kept to be fast are not worth a failure */
	if (fd < 0 && errno == EMFILE && hostfs_dirs_flush(fs))
		fd = openat(dir, name, flags | O_CLOEXEC, mode);
	return fd >= 0 ? fd : errno == EMFILE ? -ENFILE : -errno;
}

int hostfs_open_spare(struct hostfs *fs, int dir, const char *name, int flags)
{
	int fd = hostfs_openat(fs, dir, name, flags, 0);

	if (fd != -ENFILE || fs->spare < 0)
		return fd;
	close(fs->spare);
	fs->spare = -1;
	return hostfs_openat(fs, dir, name, flags, 0);
}

void hostfs_refill(struct hostfs *fs)
{
	if (fs->spare < 0)
		fs->spare = open("/", DIR_FLAGS);
}

int hostfs_take(struct hostfs *fs)
{
	if (share_take(&share_files, fs->count, 1) ||
	    (hostfs_dirs_flush(fs) && share_take(&share_files, fs->count, 1)))
		return 0;
	return -ENFILE;
}

void hostfs_give(struct hostfs *fs)
{
	share_give(&share_files, fs->count, 1);
}
