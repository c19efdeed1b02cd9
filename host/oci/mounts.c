/* SPDX-License-Identifier: MIT */
/* The specification's mounts: what the guest has itself, directories, files, memory. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/oci.h"

struct mount {
	const char *to, *type, *from;
	bool bind, read_only;
};

struct place {
	struct arguments *a;
	const char *bundle, *dir;
	int root;		/* the container's root file system */
};

static bool is_below(const char *path, const char *above)
{
	size_t n = strlen(above);

	return !strncmp(path, above, n) && (!path[n] || path[n] == '/');
}

/* There the guest has file systems of its own, which its init mounts. */
static bool is_guests(const char *path)
{
	return is_below(path, "/dev") || is_below(path, "/proc") || is_below(path, "/sys");
}

static bool is_one_of(const char *type, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(type, *list))
			return true;
	return false;
}

/* Text of options is split at colons. */
static int add(struct place *p, const char *option, const char *from, const char *to,
	       const char *flags)
{
	if (strchr(from, ':') || strchr(to, ':'))
		return complain("mount on %s: a colon in its name, or in %s", to, from);
	arguments_add(p->a, xstrdup(option));
	arguments_add(p->a, xasprintf("%s:%s%s", from, to, flags));
	return 0;
}

/* So that the guest finds a place for it; that may be there, and not be ours to make. */
static int make_point(struct place *p, const char *to, bool directory)
{
	if (is_below(to, "/run") || is_below(to, "/tmp") || rootfs_point(p->root, to, directory) ||
	    errno == EROFS)
		return 0;
	return complain("mount on %s: %s", to, strerror(errno));
}

static int add_bind(struct place *p, const struct mount *m)
{
	char *from = *m->from == '/' ? xstrdup(m->from) : xasprintf("%s/%s", p->bundle, m->from);
	char *real = realpath(from, NULL);
	struct stat st;
	int r;

	if (!real || stat(real, &st))
		r = complain("mount on %s: %s: %s", m->to, from, strerror(errno));
	else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		r = complain("mount on %s: %s: neither a directory nor a regular file", m->to, from);
	else if (is_below(m->to, "/dev/shm"))
		r = 0;		/* what is shared there is the machine's */
	else if (is_guests(m->to))
		r = complain("mount on %s: the guest has its own", m->to);
	else
		r = make_point(p, m->to, S_ISDIR(st.st_mode)) ||
			add(p, S_ISDIR(st.st_mode) ? "--dir" : "--file", real, m->to,
			    S_ISDIR(st.st_mode) && m->read_only ? ":ro" : "");
	free(from);
	free(real);
	return r;
}

/* In the guest's memory: an empty directory of the host, which nothing is written to. */
static int add_memory(struct place *p, const struct mount *m)
{
	char *empty;
	int r;

	if (is_guests(m->to) || !strcmp(m->to, "/run") || !strcmp(m->to, "/tmp"))
		return 0;
	empty = xasprintf("%s/empty", p->dir);
	if (mkdir(empty, 0755) && errno != EEXIST)
		r = complain("%s: %s", empty, strerror(errno));
	else
		r = make_point(p, m->to, true) || add(p, "--dir", empty, m->to, ":overlay");
	free(empty);
	return r;
}

static int add_mount(struct place *p, const struct mount *m)
{
	static const char *const own[] = {
		"proc", "sysfs", "devpts", "devtmpfs", "mqueue", "cgroup", "cgroup2", NULL
	};

	if (m->bind)
		return add_bind(p, m);
	if (!strcmp(m->type, "tmpfs"))
		return add_memory(p, m);
	if (is_one_of(m->type, own) && is_guests(m->to))
		return 0;
	return complain("mount on %s: no file system %s", m->to, m->type);
}

static int take_mount(struct place *p, struct json_object *o)
{
	struct json_object *options = json_get(o, "options", json_type_array);
	struct mount m = {
		.to = json_string(o, "destination"), .type = json_string(o, "type"),
		.from = json_string(o, "source"),
	};
	size_t i, n = json_length(options);

	if (!m.to || *m.to != '/')
		return complain("mounts: a destination that is no absolute path");
	if (json_is_wrong(o, "options", json_type_array) || json_is_wrong(o, "type", json_type_string))
		return 1;
	if (!m.type)
		m.type = "none";
	m.bind = !strcmp(m.type, "bind");
	for (i = 0; i < n; i++) {
		const char *option = json_string(json_object_array_get_idx(options, i), "");

		if (!option)
			return complain("mount on %s: options that are no strings", m.to);
		m.bind |= !strcmp(option, "bind") || !strcmp(option, "rbind");
		m.read_only |= !strcmp(option, "ro") || !strcmp(option, "rro");
		m.read_only &= strcmp(option, "rw") != 0;
	}
	if (m.bind && (!m.from || !*m.from))
		return complain("mount on %s: no source", m.to);
	return add_mount(p, &m);
}

int mounts_add(struct arguments *a, struct json_object *config, const char *bundle,
	       const char *rootfs, const char *dir)
{
	static const char *const points[] = { "/dev", "/proc", "/sys", "/run", "/tmp" };
	struct json_object *list = json_get(config, "mounts", json_type_array);
	struct place p = { .a = a, .bundle = bundle, .dir = dir };
	size_t i, n = json_length(list);
	int r = 0;

	if (json_is_wrong(config, "mounts", json_type_array))
		return 1;
	p.root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p.root < 0)
		return complain("%s: %s", rootfs, strerror(errno));
	for (i = 0; i < sizeof(points) / sizeof(*points); i++)
		rootfs_point(p.root, points[i], true);
	for (i = 0; i < n && !r; i++)
		r = take_mount(&p, json_object_array_get_idx(list, i));
	close(p.root);
	return r;
}
