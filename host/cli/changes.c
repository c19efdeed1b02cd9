/* SPDX-License-Identifier: MIT */
/*
 * What a layer of overlayfs changes in a directory of the host.  The layer is a
 * guest's work, and may be anything: each step goes from one directory to a name
 * in it, follows no link, and looks at what is there.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

struct walk {
	int (*fn)(void *arg, struct change *c);
	void *arg;
};

/* --- names --- */

struct names {
	char **all;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void forget(struct names *names)
{
	while (names->n)
		free(names->all[--names->n]);
	free(names->all);
}

static bool read_names(int dir, struct names *names)
{
	int copy = openat(dir, ".", DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	*names = (struct names){ NULL, 0 };
	if (!d)
		return false;
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		names->all = grown(names->all, names->n + 1, sizeof(char *));
		names->all[names->n++] = xstrdup(e->d_name);
	}
	closedir(d);
	if (names->n)
		qsort(names->all, names->n, sizeof(char *), compare);
	return true;
}

/* What a terminal would take for something else is \ and three digits. */
char *printable_path(const char *path)
{
	char *out = xmalloc(4 * strlen(path) + 1), *p = out;
	const unsigned char *s;

	for (s = (const unsigned char *)path; *s; s++) {
		bool c1 = *s == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;

		if (*s < ' ' || *s == 0x7f || *s == '\\' || c1)
			p += sprintf(p, "\\%03o", *s);
		else
			*p++ = *s;
	}
	*p = 0;
	return out;
}

/* --- what is the same --- */

static bool same_text(int a, int b)
{
	char x[16384], y[sizeof(x)];
	off_t at = 0;
	ssize_t n;

	do {
		n = pread(a, x, sizeof(x), at);
		if (n < 0 || pread(b, y, sizeof(y), at) != n || memcmp(x, y, n))
			return false;
		at += n;
	} while (n);
	return true;
}

static bool same_file(const struct change *c, const struct stat *lower)
{
	int a, b;
	bool same;

	if (c->st.st_size != lower->st_size)
		return false;
	a = openat(c->upper, c->name, FILE_FLAGS);
	b = openat(c->lower, c->name, FILE_FLAGS);
	same = a >= 0 && b >= 0 && same_text(a, b);
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return same;
}

static bool same_link(const struct change *c)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(c->upper, c->name, a, sizeof(a));

	return n >= 0 && readlinkat(c->lower, c->name, b, sizeof(b)) == n && !memcmp(a, b, n);
}

/* Of two of the same type; a set-ID bit of a guest's is none. */
static bool same(const struct change *c, const struct stat *lower)
{
	if (S_ISLNK(c->st.st_mode))
		return same_link(c);
	if ((c->st.st_mode & 01777) != (lower->st_mode & 01777))
		return false;
	return !S_ISREG(c->st.st_mode) || same_file(c, lower);
}

/* --- the walk --- */

static int each(const struct walk *w, int upper, int lower, const char *path, bool opaque);

/* Nothing of the host's directory is seen through it. */
static bool is_opaque(int dir)
{
	char value;

	return fgetxattr(dir, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static int open_below(int dir, const char *name, const char *path)
{
	int fd = openat(dir, name, DIR_FLAGS);

	return fd < 0 ? complain(-1, "%s: %s", path, strerror(errno)) : fd;
}

/* What an opaque directory hides. */
static int each_hidden(const struct walk *w, int upper, int lower, const char *path)
{
	struct names names;
	struct stat st;
	int r = 0;

	if (!read_names(lower, &names))
		return complain(-1, "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < names.n && !r; i++) {
		struct change c = { .kind = DELETED, .name = names.all[i], .upper = upper,
				    .lower = lower };
		char *below;

		if (!fstatat(upper, c.name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		below = xasprintf("%s%s%s", path, *path ? "/" : "", c.name);
		c.path = below;
		r = w->fn(w->arg, &c);
		free(below);
	}
	forget(&names);
	return r;
}

static int enter(const struct walk *w, struct change *c, bool is_there, bool opaque)
{
	int upper = open_below(c->upper, c->name, c->path), lower = -1, r = 0;

	if (upper < 0)
		return -1;
	if (is_there)
		lower = open_below(c->lower, c->name, c->path);
	if (is_there && lower < 0) {
		close(upper);
		return -1;
	}
	opaque |= is_opaque(upper);
	if (opaque && lower >= 0)
		r = each_hidden(w, upper, lower, c->path);
	if (!r)
		r = each(w, upper, lower, c->path, opaque);
	close(upper);
	if (lower >= 0)
		close(lower);
	return r;
}

static int one(const struct walk *w, struct change *c, bool opaque)
{
	struct stat lower, *st = &c->st;
	bool is_there = c->lower >= 0 && !fstatat(c->lower, c->name, &lower, AT_SYMLINK_NOFOLLOW);
	int r = 0;

	if (fstatat(c->upper, c->name, st, AT_SYMLINK_NOFOLLOW))
		return complain(-1, "%s: %s", c->path, strerror(errno));
	if (S_ISCHR(st->st_mode) && !st->st_rdev) {
		c->kind = DELETED;
		return is_there ? w->fn(w->arg, c) : 0;
	}
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode) &&
	    !S_ISFIFO(st->st_mode)) {
		c->kind = REFUSED;
		return w->fn(w->arg, c);
	}
	if (is_there && (lower.st_mode & S_IFMT) != (st->st_mode & S_IFMT)) {
		c->kind = DELETED;
		r = w->fn(w->arg, c);
		is_there = false;
	}
	c->kind = is_there ? MODIFIED : ADDED;
	if (!r && (!is_there || !same(c, &lower)))
		r = w->fn(w->arg, c);
	if (r || !S_ISDIR(st->st_mode))
		return r;
	/* it may have been made just now */
	is_there = c->lower >= 0 && !fstatat(c->lower, c->name, &lower, AT_SYMLINK_NOFOLLOW) &&
		S_ISDIR(lower.st_mode);
	return enter(w, c, is_there, opaque);
}

static int each(const struct walk *w, int upper, int lower, const char *path, bool opaque)
{
	struct names names;
	int r = 0;

	if (!read_names(upper, &names))
		return complain(-1, "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < names.n && !r; i++) {
		struct change c = { .name = names.all[i], .upper = upper, .lower = lower };
		char *below = xasprintf("%s%s%s", path, *path ? "/" : "", c.name);

		c.path = below;
		r = one(w, &c, opaque);
		free(below);
	}
	forget(&names);
	return r;
}

int changes_each(int upper, int lower, int (*fn)(void *arg, struct change *c), void *arg)
{
	struct walk w = { fn, arg };

	return each(&w, upper, lower, "", is_opaque(upper));
}
