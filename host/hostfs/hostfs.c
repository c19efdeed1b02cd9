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

static void leave_dir(struct place *p)
{
	if (p->kept)
		p->kept->pins--;
	if (p->dir_is_ours)
		close(p->dir);
	p->kept = NULL;
	p->dir_is_ours = false;
}

/*
 * From p's directory to the one that is called name in it.  Each on the way is
 * looked at: a path may lead through what the guest must not reach.
 */
static int step(struct hostfs *fs, struct place *p, const char *name)
{
	struct stat st;
	int fd, r;

	if (!strcmp(name, "..") || !strcmp(name, "."))
		return -EXDEV;
	if (hostfs_hidden(name))
		return -ENOENT;
	fd = hostfs_openat(fs, p->dir, name, DIR_FLAGS | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	r = hostfs_check(fs, p, name, fd, &st);
	if (r) {
		close(fd);
		return r;
	}
	leave_dir(p);
	p->dir = fd;
	p->dir_is_ours = true;
	p->dir_id = hostfs_id(&st);
	return 0;
}

/* Begins at the kept directory that is furthest on the way: its path's length. */
static uint32_t begin_at_kept(struct hostfs *fs, int root, struct place *p,
			      uint32_t len)
{
	for (; len; len--) {
		if (p->path[len] && p->path[len] != '/')
			continue;
		p->kept = hostfs_dirs_get(fs, root, p->path, len);
		if (!p->kept)
			continue;
		p->dir = p->kept->fd;
		p->dir_id = p->kept->id;
		break;
	}
	return len;
}

static int open_parent(struct hostfs *fs, int root, struct place *p)
{
	uint32_t len = strlen(p->path);
	char *name = p->path + begin_at_kept(fs, root, p, len), *end, c;
	int r = 0;

	while (!r && *name) {
		name += strspn(name, "/");
		end = name + strcspn(name, "/");
		c = *end;
		*end = '\0';
		if (*name)
			r = step(fs, p, name);
		*end = c;
		name = end;
	}
	if (r) {
		leave_dir(p);
		return r;
	}
	if (!p->dir_is_ours)
		return 0;
	p->kept = hostfs_dirs_add(fs, root, p->path, len, p->dir, &p->dir_id);
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

/* hidden: the error for a name that the guest must not use. */
static int find(struct hostfs *fs, int root, const char *path, uint32_t len,
		struct place *p, int hidden)
{
	char *slash;

	if (!fs || root < 0 || root >= fs->nroots)
		return -ENOENT;
	if (len >= sizeof(p->path))
		return -ENAMETOOLONG;
	memcpy(p->path, path, len);
	p->path[len] = '\0';
	if (strlen(p->path) != len)
		return -EINVAL;
	p->root = &fs->roots[root];
	p->dir = p->root->fd;
	p->dir_id = p->root->id;
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
	if (hostfs_hidden(p->name))
		return hidden;
	if (!slash)
		return 0;
	if (slash == p->path)
		return -EINVAL;
	*slash = '\0';
	return open_parent(fs, root, p);
}

int hostfs_find(struct hostfs *fs, int root, const char *path, uint32_t len,
		struct place *p)
{
	return find(fs, root, path, len, p, -ENOENT);
}

static bool is_read_only(const struct hostfs *fs, int root)
{
	return fs && root >= 0 && root < fs->nroots && fs->roots[root].read_only;
}

int hostfs_find_rw(struct hostfs *fs, int root, const char *path,
		   uint32_t len, struct place *p)
{
	if (is_read_only(fs, root))
		return -EROFS;
	return find(fs, root, path, len, p, -ENOENT);
}

/* r is hostfs_find's; own and way are the errors for what is guarded. */
static int unguarded(struct hostfs *fs, struct place *p, int r, int own, int way)
{
	enum guarded g = r ? FREE : hostfs_guarded_place(fs, p);

	if (g == FREE)
		return r;
	hostfs_leave(p);
	return g == OWN ? own : way;
}

int hostfs_find_old(struct hostfs *fs, int root, const char *path,
		    uint32_t len, struct place *p)
{
	int r = hostfs_find_rw(fs, root, path, len, p);

	return unguarded(fs, p, r, -ENOENT, -EBUSY);
}

int hostfs_find_new(struct hostfs *fs, int root, const char *path,
		    uint32_t len, struct place *p)
{
	int r = is_read_only(fs, root) ? -EROFS :
		find(fs, root, path, len, p, -EPERM);

	return unguarded(fs, p, r, -EPERM, -EEXIST);
}

void hostfs_leave(struct place *p)
{
	leave_dir(p);
}
