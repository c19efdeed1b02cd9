/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "process/workdir.h"

#define WORKDIR "muslin-compile."
#define WORKDIR_SECONDS 60

static bool has_room(const char *path, size_t size)
{
	struct statvfs fs;

	return !statvfs(path, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize >= size;
}

/* A directory, never what a link leads to; its descriptor or -errno. */
static int open_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool take_lock(int fd)
{
	int r;

	do
		r = flock(fd, LOCK_EX | LOCK_NB);
	while (r && errno == EINTR);
	return !r;
}

/* The files in it.  fd is read from its beginning, whatever was read of it. */
static void make_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	while (d && (e = readdir(d)))
		unlinkat(fd, e->d_name, 0);
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
}

/*
 * Whoever can rename what is in parent may put something else at this name
 * after it was looked at.  That does no harm: only a directory that is empty
 * is removed, and no link is followed.
 */
static void remove_name(int parent, const char *name, int fd)
{
	struct stat is, was;

	if (!fstat(fd, &was) && !fstatat(parent, name, &is, AT_SYMLINK_NOFOLLOW) &&
	    is.st_dev == was.st_dev && is.st_ino == was.st_ino)
		unlinkat(parent, name, AT_REMOVEDIR);
}

static bool is_named(const char *name)
{
	return !strncmp(name, WORKDIR, strlen(WORKDIR)) &&
		strlen(name) == strlen(WORKDIR) + 6;
}

static void sweep_one(int parent, const char *name, time_t before)
{
	int fd = open_directory(parent, name);
	struct stat st;

	if (fd < 0)
		return;
	/* from here on the name means nothing */
	if (!fstat(fd, &st) && st.st_uid == geteuid() && st.st_mtime <= before &&
	    take_lock(fd)) {
		make_empty(fd);
		remove_name(parent, name, fd);
	}
	close(fd);
}

/* A new one is not locked at once. */
void workdir_sweep(const char *parent, int seconds)
{
	DIR *d = opendir(parent);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (is_named(e->d_name))
			sweep_one(dirfd(d), e->d_name, time(NULL) - seconds);
	if (d)
		closedir(d);
}

int workdir_open(struct workdir *w)
{
	w->fd = open_directory(AT_FDCWD, w->path);
	return w->fd < 0 ? w->fd : 0;
}

static int make_in(struct workdir *w, const char *parent)
{
	struct stat st;
	int r;

	if (snprintf(w->path, sizeof(w->path), "%s/" WORKDIR "XXXXXX", parent) >=
	    (int)sizeof(w->path))
		return -ENAMETOOLONG;
	if (!mkdtemp(w->path))
		return -errno;
	r = workdir_open(w);
	/* who sweeps may have been faster */
	if (!r && (!take_lock(w->fd) || fstat(w->fd, &st) || !st.st_nlink)) {
		close(w->fd);
		r = -EBUSY;
	}
	if (r)
		rmdir(w->path);
	return r;
}

int workdir_make(struct workdir *w, size_t size)
{
	const char *candidates[] = {
		getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm",
	};
	int err = -ENOSPC;

	for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		const char *c = candidates[i];

		if (!c || *c != '/' || !has_room(c, size))
			continue;
		workdir_sweep(c, WORKDIR_SECONDS);
		err = make_in(w, c);
		if (!err)
			return 0;
	}
	return err;
}

void workdir_remove(struct workdir *w)
{
	char *slash = strrchr(w->path, '/');
	int parent;

	make_empty(w->fd);
	*slash = 0;
	parent = open(*w->path ? w->path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (parent >= 0) {
		remove_name(parent, slash + 1, w->fd);
		close(parent);
	}
	close(w->fd);
	w->fd = -1;
}

int workdir_create_fd(const struct workdir *w, const char *name)
{
	return openat(w->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
		      O_CLOEXEC, 0666);
}

FILE *workdir_create(const struct workdir *w, const char *name)
{
	int fd = workdir_create_fd(w, name);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f && fd >= 0)
		close(fd);
	return f;
}

static char *read_all(int fd, size_t *size)
{
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r"), *mem;
	char buf[65536], *text = NULL;
	bool ok;
	size_t n;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	mem = open_memstream(&text, size);
	while (mem && (n = fread(buf, 1, sizeof(buf), f)))
		fwrite(buf, 1, n, mem);
	ok = mem && !ferror(f);
	fclose(f);
	if (mem && fclose(mem))
		ok = false;
	if (ok)
		return text;
	free(text);
	return NULL;
}

char *read_file(const char *path, size_t *size)
{
	return read_all(open(path, O_RDONLY | O_CLOEXEC), size);
}

char *workdir_read(const struct workdir *w, const char *name, size_t *size)
{
	/* not to wait for what is no file */
	return read_all(openat(w->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			       O_CLOEXEC), size);
}
