/* SPDX-License-Identifier: MIT */
/*
 * What no guest may have, whatever directory it was given, and whatever mount,
 * link or name leads there:
 *
 * - files of the kernel's own file systems.  A write to one of them is a
 *   command, and /proc/PID/mem is this process;
 * - what this process will run, or believes as if it had written it: the
 *   cache, boot images, what the compiler is just making.
 *
 * What was found is asked, not its name: nothing else is true of a tree that
 * others change meanwhile.  Only what the guest is not to move or make is
 * known by its name, in a directory that is known by its inode.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "hostfs/impl.h"
#include "core/formats.h"

/*
 * A directory that is open keeps its file system, and with it the device's
 * number: what has the same number is no other file system.  So nothing has to
 * be asked but where a mount begins.
 */
static bool same_device(const struct id *a, const struct id *b)
{
	return a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/* --- what is ours --- */

bool hostfs_hidden(const char *name)
{
	static const char prefix[] = "muslin-compile.";
	const size_t n = sizeof(prefix) - 1;

	/* as process/workdir.c makes it; some file systems do not tell capitals */
	return !strncasecmp(name, prefix, n) && strlen(name) == n + 6;
}

/* All but the last character, which may become another one. */
bool hostfs_is_image(int fd)
{
	char buf[sizeof(IMAGE_MAGIC) - 2];
	ssize_t n;

	do
		n = pread(fd, buf, sizeof(buf), 0);
	while (n < 0 && errno == EINTR);
	return n == sizeof(buf) && !memcmp(buf, IMAGE_MAGIC, sizeof(buf));
}

/*
 * A component of a path that was protected: the name in its directory, and what
 * is there.
 */
struct guard {
	struct id dir, id;
	bool missing;		/* there is no id: nothing was there */
	enum guarded what;
	int path;		/* by number */
	char name[NAME_MAX + 1];
};

static uint64_t bit(const struct id *id)
{
	return 1ull << (id->ino & 63);
}

static int add(struct guards *g, const struct guard *new)
{
	struct guard *all = realloc(g->all, (g->n + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	all[g->n++] = *new;
	g->all = all;
	g->dirs |= bit(&new->dir);
	if (!new->missing)
		g->ids |= bit(&new->id);
	return 0;
}

static void forget(struct guards *g, int path)
{
	int i, n = 0;

	g->dirs = g->ids = 0;
	for (i = 0; i < g->n; i++) {
		if (g->all[i].path == path)
			continue;
		g->all[n++] = g->all[i];
		g->dirs |= bit(&g->all[i].dir);
		if (!g->all[i].missing)
			g->ids |= bit(&g->all[i].id);
	}
	g->n = n;
}

static const struct guard *by_name(const struct guards *g, const struct id *dir,
				   const char *name)
{
	int i;

	if (!(g->dirs & bit(dir)))
		return NULL;
	for (i = 0; i < g->n; i++)
		if (same_id(&g->all[i].dir, dir) && !strcmp(g->all[i].name, name))
			return &g->all[i];
	return NULL;
}

static enum guarded by_id(const struct guards *g, const struct id *id)
{
	enum guarded r = FREE;
	int i;

	if (!(g->ids & bit(id)))
		return FREE;
	for (i = 0; i < g->n; i++)
		if (!g->all[i].missing && g->all[i].what > r &&
		    same_id(&g->all[i].id, id))
			r = g->all[i].what;
	return r;
}

/* --- along a path, from the root --- */

#define MOST_LINKS 40

/* Where one is on it; fd is O_PATH. */
struct walk {
	int fd, path, links;
	struct id id;
	char rest[2 * PATH_MAX];
};

static int walk_to(struct walk *w, int fd)
{
	struct stat st;

	if (fd < 0)
		return -errno;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	if (fstat(fd, &st))
		return -errno;
	w->id = hostfs_id(&st);
	return 0;
}

/* fd is the link, which is closed; what it says is put before the rest. */
static int walk_link(struct walk *w, int fd)
{
	char to[PATH_MAX];
	ssize_t n = readlinkat(fd, "", to, sizeof(to));
	int r = n < 0 ? -errno : 0;
	size_t rest = strlen(w->rest);

	close(fd);
	if (r)
		return r;
	if (++w->links > MOST_LINKS)
		return -ELOOP;
	if (n + 1 + rest >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, to, n);
	w->rest[n] = '/';
	if (*w->rest == '/')
		return walk_to(w, open("/", DIR_FLAGS));
	return 0;
}

/* Takes the next component of the rest, "" at the end. */
static int next_name(struct walk *w, char name[NAME_MAX + 1])
{
	size_t skip = strspn(w->rest, "/"), n = strcspn(w->rest + skip, "/");

	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, w->rest + skip, n);
	name[n] = '\0';
	skip += n;
	skip += strspn(w->rest + skip, "/");
	memmove(w->rest, w->rest + skip, strlen(w->rest + skip) + 1);
	return 0;
}

/* None of our limits is a property of the file. */
static bool is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM;
}

/*
 * One component.  1 if it is the last, or cannot be passed: whoever makes a way
 * there later does not make it for the guest.
 */
static int walk_name(struct guards *g, struct walk *w, const char *name)
{
	struct guard new = { .dir = w->id, .what = WAY, .path = w->path };
	int fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), r;
	struct stat st;

	strcpy(new.name, name);
	if (fd < 0 && is_shortage(errno))
		return -errno;
	if (fd < 0 || fstat(fd, &st)) {
		new.missing = true;
		new.what = OWN;
		r = add(g, &new);
		return r ? r : 1;
	}
	new.id = hostfs_id(&st);
	if (!*w->rest && !S_ISLNK(st.st_mode))
		new.what = OWN;
	r = add(g, &new);
	if (r) {
		close(fd);
		return r;
	}
	if (S_ISLNK(st.st_mode))
		return walk_link(w, fd);
	r = walk_to(w, fd);
	return r ? r : new.what == OWN;
}

static int walk(struct guards *g, struct walk *w)
{
	char name[NAME_MAX + 1];
	bool any = false;
	int r = walk_to(w, open("/", DIR_FLAGS));

	while (!r) {
		r = next_name(w, name);
		if (r)
			return r;
		if (!*name)
			return any ? 0 : -EINVAL;
		if (!strcmp(name, "."))
			continue;
		if (!strcmp(name, "..")) {
			r = walk_to(w, openat(w->fd, "..", DIR_FLAGS));
			continue;
		}
		any = true;
		r = walk_name(g, w, name);
	}
	return r < 0 ? r : 0;
}

/* All of what leads there, as it is now. */
static int learn(struct guards *g, int path)
{
	struct walk *w = malloc(sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	*w = (struct walk){ .fd = -1, .path = path };
	strcpy(w->rest, g->paths[path]);
	forget(g, path);
	r = walk(g, w);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
	return r;
}

static char *absolute(const char *path)
{
	char dir[PATH_MAX] = "", *all;

	if (*path != '/' && !getcwd(dir, sizeof(dir)))
		return NULL;
	if (asprintf(&all, "%s/%s", dir, path) < 0)
		return NULL;
	if (strlen(all) < PATH_MAX)
		return all;
	free(all);
	errno = ENAMETOOLONG;
	return NULL;
}

static int number_of_path(struct guards *g, const char *path)
{
	char **paths, *all = absolute(path);
	int i;

	if (!all)
		return -errno;
	for (i = 0; i < g->npaths; i++) {
		if (!strcmp(g->paths[i], all)) {
			free(all);
			return i;
		}
	}
	paths = realloc(g->paths, (i + 1) * sizeof(*paths));
	if (!paths) {
		free(all);
		return -ENOMEM;
	}
	g->paths = paths;
	g->paths[g->npaths++] = all;
	return i;
}

/*
 * Is the directory, or one above it, out of the guest's reach?  Or an error.
 * What is mounted within itself is not the root; what is mounted no longer has
 * nothing above it.
 */
static int in_own(const struct guards *g, int dir)
{
	struct id id, last = { 0 }, root;
	struct stat st;
	int fd, up, i, r = 0;

	if (stat("/", &st))
		return -errno;
	root = hostfs_id(&st);
	fd = openat(dir, ".", DIR_FLAGS);
	for (i = 0; i < PATH_MAX; i++, last = id) {
		if (fd < 0 || fstat(fd, &st)) {
			r = -errno;
			break;
		}
		id = hostfs_id(&st);
		if (by_id(g, &id) == OWN) {
			r = 1;
			break;
		}
		if (same_id(&id, &root) && same_id(&id, &last))
			break;
		up = openat(fd, "..", DIR_FLAGS);
		close(fd);
		fd = up;
	}
	if (fd >= 0)
		close(fd);
	return r;
}

int hostfs_protect(struct hostfs *fs, const char *path)
{
	int i, r, n = number_of_path(&fs->guards, path);

	if (n < 0)
		return n;
	r = learn(&fs->guards, n);
	/* what leads through them is looked at anew */
	hostfs_dirs_flush(fs);
	for (i = 0; i < fs->nroots && !r; i++) {
		r = in_own(&fs->guards, fs->roots[i].fd);
		if (r > 0)
			r = -EBUSY;
	}
	return r;
}

void hostfs_guards_free(struct hostfs *fs)
{
	struct guards *g = &fs->guards;

	while (g->npaths)
		free(g->paths[--g->npaths]);
	free(g->paths);
	free(g->all);
}

/* --- questions --- */

/*
 * Where something else is now, somebody on the host has removed and made it
 * again: what is below it is another, too.
 */
enum guarded hostfs_guarded(struct hostfs *fs, const struct id *dir,
			    const char *name, const struct id *found)
{
	const struct guard *g = by_name(&fs->guards, dir, name);

	if (g && found && (g->missing ? found->ino : !same_id(&g->id, found))) {
		if (learn(&fs->guards, g->path))
			return OWN;
		g = by_name(&fs->guards, dir, name);
	}
	if (g)
		return g->what;
	return found ? by_id(&fs->guards, found) : FREE;
}

enum guarded hostfs_guarded_place(struct hostfs *fs, const struct place *p)
{
	struct stat st;
	struct id id = { 0 };	/* nothing */

	if (!(fs->guards.dirs & bit(&p->dir_id)))
		return FREE;
	if (!fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW))
		id = hostfs_id(&st);
	return hostfs_guarded(fs, &p->dir_id, p->name, &id);
}

int hostfs_check(struct hostfs *fs, const struct place *p, const char *name,
		 int fd, struct stat *st)
{
	struct id id;

	if (fstat(fd, st))
		return -errno;
	id = hostfs_id(st);
	if (hostfs_guarded(fs, &p->dir_id, name, &id) == OWN)
		return -ENOENT;
	if (!same_device(&id, &p->dir_id) && hostfs_kernels(fd))
		return -EACCES;
	return 0;
}

/*
 * Of a mount of the kernel's, that it is there, so that the directory that it is
 * in can be listed; nobody may do anything to it.
 */
int hostfs_show(struct hostfs *fs, const struct place *p, struct host_stat *st)
{
	struct id id = hostfs_stat_id(st);
	struct stat now;
	int fd;

	if (hostfs_guarded(fs, &p->dir_id, p->name, &id) == OWN)
		return -ENOENT;
	if (same_device(&id, &p->dir_id))
		return 0;
	fd = hostfs_open_path(fs, p, &now);
	if (fd == -EACCES)
		st->mode &= S_IFMT;
	else if (fd < 0)
		return fd;
	else
		close(fd);
	hostfs_refill(fs);
	return 0;
}

int hostfs_check_root(struct hostfs *fs, int fd, struct id *id)
{
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return -errno;
	*id = hostfs_id(&st);
	if (hostfs_kernels(fd)) {
		fs->why = "in a file system of the kernel's own, which no guest may have";
		return -EACCES;
	}
	r = in_own(&fs->guards, fd);
	if (r > 0) {
		fs->why = "where Muslin keeps native code, which no guest may have";
		return -EPERM;
	}
	return r;
}

const char *hostfs_why(const struct hostfs *fs, int err)
{
	return fs->why ? fs->why : strerror(-err);
}
