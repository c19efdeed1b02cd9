/* SPDX-License-Identifier: MIT */
/*
 * The way from a path to a place in one of the directories that the embedder named.
 *
 * The guest's kernel follows symbolic links itself and sends paths without
 * them, "." and "..".  So none of these may be followed here: whoever changes
 * the tree at the wrong moment, no path leads out of its directory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/impl.h"

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

	r = unguarded(fs, p, r, -EPERM, -EEXIST);
	if (r)
		return r;
	r = hostfs_quota_name(fs);
	if (r)
		hostfs_leave(p);
	return r;
}

void hostfs_leave(struct place *p)
{
	leave_dir(p);
}
