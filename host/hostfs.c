/* SPDX-License-Identifier: MIT */
/*
 * The directories that the embedder named, and the way from a path to a place
 * in one of them.
 *
 * The guest's kernel follows symbolic links itself and sends paths without
 * them, "." and "..".  So none of these may be followed here: whoever changes
 * the tree at the wrong moment, no path leads out of its directory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostfs-impl.h"

#define MOST_KEPT 256

static int try_openat2(int dir, const char *path)
{
	struct open_how how = {
		.flags = DIR_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

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

unsigned int hostfs_keep(const struct hostfs *fs)
{
	return fs ? fs->keep : 0;
}

struct hostfs *hostfs_create(void)
{
	struct hostfs *fs = calloc(1, sizeof(*fs));
	int fd;

	if (!fs)
		return NULL;
	fs->first_free = -1;
	fs->inotify = -1;
	fs->umask = get_umask();
	fs->keep = how_many_to_keep();
	/* a sandbox may answer EPERM */
	fd = try_openat2(AT_FDCWD, ".");
	fs->no_openat2 = fd < 0 && (errno == ENOSYS || errno == EPERM);
	if (fd >= 0)
		close(fd);
	return fs;
}

void hostfs_destroy(struct hostfs *fs)
{
	int i;

	if (!fs)
		return;
	for (i = 0; i < fs->nfiles; i++)
		if (fs->files[i].used)
			close(fs->files[i].fd);
	for (i = 0; i < fs->nroots; i++) {
		close(fs->roots[i].fd);
		free(fs->roots[i].only);
		free(fs->roots[i].only_real);
	}
	hostfs_dirs_flush(fs);
	if (fs->inotify >= 0)
		close(fs->inotify);
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
	fs->roots = roots;
	return fs->nroots++;
}

int hostfs_add_dir(struct hostfs *fs, const char *path, int read_only)
{
	struct root root = { .read_only = read_only };
	int r;

	root.fd = open(path, DIR_FLAGS);
	if (root.fd < 0)
		return -errno;
	r = add_root(fs, &root);
	if (r < 0)
		close(root.fd);
	return r;
}

int hostfs_add_file(struct hostfs *fs, const char *path, const char *name)
{
	struct root root = { .read_only = true };
	char *real, *slash;
	int r;

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
	r = add_root(fs, &root);
	if (r < 0)
		close(root.fd);
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

/* What openat2 does in one call. */
static int walk(int dir, char *path)
{
	char *name, *rest = NULL;
	int fd = -1, next;

	for (name = strtok_r(path, "/", &rest); name;
	     name = strtok_r(NULL, "/", &rest)) {
		if (!strcmp(name, "..")) {
			next = -1;
			errno = EXDEV;
		} else {
			next = openat(fd < 0 ? dir : fd, name,
				      DIR_FLAGS | O_NOFOLLOW);
		}
		if (fd >= 0) {
			int err = errno;

			close(fd);
			errno = err;
		}
		if (next < 0)
			return -1;
		fd = next;
	}
	return fd;
}

static int open_dir(struct hostfs *fs, const struct root *root,
		    const char *path)
{
	char copy[PATH_MAX];

	if (!fs->no_openat2)
		return try_openat2(root->fd, path);
	return walk(root->fd, strcpy(copy, path));
}

static int open_parent(struct hostfs *fs, int root, struct place *p)
{
	uint32_t len = strlen(p->path);

	p->kept = hostfs_dirs_get(fs, root, p->path, len);
	if (p->kept) {
		p->dir = p->kept->fd;
		return 0;
	}
	p->dir = open_dir(fs, p->root, p->path);
	if (p->dir < 0 && errno == EMFILE && hostfs_dirs_flush(fs))
		p->dir = open_dir(fs, p->root, p->path);
	if (p->dir < 0)
		return errno == EMFILE ? -ENFILE : -errno;
	p->kept = hostfs_dirs_add(fs, root, p->path, len, p->dir);
	p->dir_is_ours = !p->kept;
	return 0;
}

static int find_only(const struct root *root, struct place *p)
{
	if (*p->path && strcmp(p->path, root->only))
		return -ENOENT;
	p->name = *p->path ? root->only_real : ".";
	return 0;
}

int hostfs_find(struct hostfs *fs, int root, const char *path, uint32_t len,
		struct place *p)
{
	char *slash;

	if (!fs || root < 0 || root >= fs->nroots)
		return -ENOENT;
	if (len >= sizeof(p->path))
		return -ENAMETOOLONG;
	if (memchr(path, '\0', len))
		return -EINVAL;
	memcpy(p->path, path, len);
	p->path[len] = '\0';
	p->root = &fs->roots[root];
	p->dir = p->root->fd;
	p->dir_is_ours = false;
	p->kept = NULL;

	if (p->root->only)
		return find_only(p->root, p);
	if (!len) {
		p->name = ".";
		return 0;
	}
	slash = strrchr(p->path, '/');
	p->name = slash ? slash + 1 : p->path;
	if (!*p->name || !strcmp(p->name, ".") || !strcmp(p->name, ".."))
		return -EINVAL;
	if (!slash)
		return 0;
	if (slash == p->path)
		return -EINVAL;
	*slash = '\0';
	return open_parent(fs, root, p);
}

int hostfs_find_rw(struct hostfs *fs, int root, const char *path,
		   uint32_t len, struct place *p)
{
	if (fs && root >= 0 && root < fs->nroots && fs->roots[root].read_only)
		return -EROFS;
	return hostfs_find(fs, root, path, len, p);
}

void hostfs_leave(struct place *p)
{
	if (p->kept)
		p->kept->pins--;
	if (p->dir_is_ours)
		close(p->dir);
}
