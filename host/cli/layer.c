/* SPDX-License-Identifier: MIT */
/*
 * Where --dir HOST:cow keeps what has changed: a directory for each HOST, named
 * after it, with overlayfs' "upper" and "work" in it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"
#include "muslin.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Its path as one name: "/" is "%", and "%" is "%%". */
static char *layer_name(const char *host)
{
	char *name = xmalloc(2 * strlen(host) + 1), *p = name;

	for (; *host; host++) {
		*p++ = *host == '/' ? '%' : *host;
		if (*host == '%')
			*p++ = '%';
	}
	*p = 0;
	return name;
}

/* The directory for all of them, to be freed; NULL: it was told why. */
static char *find_base(const char *given)
{
	char *path;

	if (!given)
		return state_dir("cow", "changes cannot be kept");
	if (mkdir(given, 0700) && errno != EEXIST) {
		complain(0, "--cow-dir %s: %s", given, strerror(errno));
		return NULL;
	}
	path = realpath(given, NULL);
	if (!path)
		complain(0, "--cow-dir %s: %s", given, strerror(errno));
	return path;
}

static char *layer_path(const char *given, const char *host)
{
	char *base = find_base(given), *name = layer_name(host), *path = NULL;

	if (base && strlen(name) > NAME_MAX)
		complain(0, "%s: too long a name for a layer", host);
	else if (base)
		path = xasprintf("%s/%s", base, name);
	free(base);
	free(name);
	return path;
}

/* Locked as long as it is open, here and in children that have it. */
static int open_locked(const char *path)
{
	int fd = open(path, DIR_FLAGS);

	if (fd < 0)
		return complain(-1, "%s: %s", path, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	complain(0, "%s: %s", path, errno == EWOULDBLOCK ?
		 "a machine is using it" : strerror(errno));
	close(fd);
	return -1;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strcmp(dir, "/") ? strlen(dir) : 0;

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* As overlayfs wants it: what is seen of the directory itself is upper's. */
static bool make_upper(int dir, const char *host)
{
	struct stat st;
	int fd, r;

	if (stat(host, &st))
		return false;
	if (mkdirat(dir, "work", 0700) && errno != EEXIST)
		return false;
	if (mkdirat(dir, "upper", 0700))
		return errno == EEXIST;
	fd = openat(dir, "upper", DIR_FLAGS);
	if (fd < 0)
		return false;
	/* whose it is can be told by root only; others' files are ours in any case */
	if (!geteuid())
		(void)!fchown(fd, st.st_uid, st.st_gid);
	r = fchmod(fd, st.st_mode & 0777);
	if (!r)
		r = fsetxattr(fd, "user.muslin.test", "1", 1, 0);
	if (!r)
		r = fremovexattr(fd, "user.muslin.test");
	close(fd);
	return !r;
}

static int make_layer(struct dir *d, const char *base)
{
	int fd;

	d->layer = layer_path(base, d->host);
	if (!d->layer)
		return STATUS_FAILED;
	if (is_below(d->layer, d->host))
		return complain(STATUS_USAGE, "%s: inside of %s, whose changes it keeps: see --cow-dir",
				d->layer, d->host);
	if (mkdir(d->layer, 0700) && errno != EEXIST)
		return complain(STATUS_FAILED, "%s: %s", d->layer, strerror(errno));
	fd = open_locked(d->layer);
	if (fd < 0)
		return STATUS_FAILED;
	if (make_upper(fd, d->host))
		return 0;	/* it stays open: locked */
	return complain(STATUS_FAILED, "%s: %s", d->layer, errno == EOPNOTSUPP ?
			"its file system has no attributes (user.*)" : strerror(errno));
}

int layers_make(struct run_options *o)
{
	int status = 0;

	for (size_t i = 0; i < o->ndirs && !status; i++)
		if (o->dirs[i].cow)
			status = make_layer(&o->dirs[i], o->cow_dir);
	return status;
}

int layer_open(const char *base, const char *host)
{
	char *path = layer_path(base, host);
	int dir = -1, upper = -1;

	if (path && access(path, F_OK))
		complain(0, "%s: nothing is kept of it", host);
	else if (path)
		dir = open_locked(path);
	if (dir >= 0)
		upper = openat(dir, "upper", DIR_FLAGS);
	if (dir >= 0 && upper < 0)
		complain(0, "%s/upper: %s", path, strerror(errno));
	/* dir stays open: locked */
	free(path);
	return upper;
}

bool remove_any(int dir, const char *name)
{
	bool done;
	int fd;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return true;
	if (errno != EISDIR)
		return false;
	fd = openat(dir, name, DIR_FLAGS);
	/* the guest's root may have made it so; it is ours all the same */
	if (fd < 0 && errno == EACCES && !fchmodat(dir, name, 0700, AT_SYMLINK_NOFOLLOW))
		fd = openat(dir, name, DIR_FLAGS);
	if (fd < 0)
		return false;
	done = remove_below(fd);
	close(fd);
	return done && !unlinkat(dir, name, AT_REMOVEDIR);
}

bool remove_below(int dir)
{
	int copy = openat(dir, ".", DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	bool done = true;

	if (!d)
		return false;
	while (done && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			done = remove_any(dir, e->d_name);
	closedir(d);
	return done;
}
