/* SPDX-License-Identifier: MIT */
/* What is known of a container: a directory below --root, which its user alone may enter. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "oci/oci.h"

const char *const status_names[] = { "creating", "created", "running", "paused", "stopped" };

bool id_is_valid(const char *id)
{
	static const char known[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";

	return *id && strlen(id) <= 255 && !id[strspn(id, known)] && strcmp(id, ".") &&
		strcmp(id, "..");
}

static char *path_of(const struct container *c, const char *name)
{
	return xasprintf("%s/%s/%s", oci_root, c->id, name);
}

/* The 22nd word of /proc/PID/stat: with its number that is a process for good. */
static long long start_time(pid_t pid, char *state)
{
	char path[64], text[1024], *p;
	long long when = -1;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	p = strrchr(text, ')');
	if (p && sscanf(p + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			"%*d %*d %lld", state, &when) != 2)
		when = -1;
	return when;
}

static bool has_file(const struct container *c, const char *name)
{
	return !faccessat(c->dir, name, F_OK, 0);
}

static int read_number(const struct container *c, const char *name)
{
	int fd = openat(c->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[32] = "";

	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return atoi(text);
}

static void find_process(struct container *c)
{
	struct json_object *o = json_get(c->state, "pid", json_type_int);
	struct json_object *start = json_get(c->state, "start", json_type_int);
	char state = 'X';

	c->pid = o ? json_object_get_int(o) : 0;
	if (c->pid > 0)
		c->pidfd = syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd >= 0 && (!start || start_time(c->pid, &state) != json_object_get_int64(start) ||
			      strchr("ZX", state))) {
		close(c->pidfd);
		c->pidfd = -1;
	}
	start = json_get(c->state, "machineStart", json_type_int);
	o = json_get(c->state, "machine", json_type_int);
	c->machine = o ? json_object_get_int(o) : 0;
	if (c->pidfd >= 0 && c->machine > 0)
		c->machine_pidfd = syscall(SYS_pidfd_open, c->machine, 0);
	if (c->machine_pidfd >= 0 &&
	    (!start || start_time(c->machine, &state) != json_object_get_int64(start))) {
		close(c->machine_pidfd);
		c->machine_pidfd = -1;
	}
	c->program = read_number(c, "program");
	c->status = c->pidfd < 0 ? STOPPED : has_file(c, "paused") ? PAUSED :
		has_file(c, "program") ? RUNNING : CREATED;
}

static int open_dir(struct container *c, const char *id)
{
	char *path;

	if (!id_is_valid(id))
		return complain("%s: not an ID of a container", id);
	*c = (struct container){ .id = id, .pidfd = -1, .machine_pidfd = -1 };
	path = path_of(c, ".");
	c->dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	free(path);
	return 0;
}

int container_open(struct container *c, const char *id)
{
	char *config, *state;

	if (open_dir(c, id))
		return 1;
	if (c->dir < 0)
		return complain("container %s does not exist", id);
	if (!has_file(c, "state.json"))
		return 0;	/* it is being made, or its maker has died */
	config = path_of(c, "config.json");
	state = path_of(c, "state.json");
	c->config = json_file(config);
	c->state = c->config ? json_file(state) : NULL;
	free(config);
	free(state);
	if (!c->state) {
		container_close(c);
		return 1;
	}
	find_process(c);
	return 0;
}

void container_close(struct container *c)
{
	if (c->dir >= 0)
		close(c->dir);
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->machine_pidfd >= 0)
		close(c->machine_pidfd);
	json_object_put(c->config);
	json_object_put(c->state);
	c->dir = c->pidfd = c->machine_pidfd = -1;
	c->config = c->state = NULL;
}

static bool make_root(void)
{
	char *path = xstrdup(oci_root), *p;
	bool done;

	for (p = path + 1; *p; p++)
		if (*p == '/') {
			*p = 0;
			mkdir(path, 0755);
			*p = '/';
		}
	done = !mkdir(path, 0700) || errno == EEXIST;
	free(path);
	return done;
}

int container_make(struct container *c, const char *id)
{
	char *path;
	int r;

	if (!id_is_valid(id))
		return complain("%s: not an ID of a container", id);
	if (!make_root())
		return complain("%s: %s", oci_root, strerror(errno));
	path = xasprintf("%s/%s", oci_root, id);
	r = mkdir(path, 0700) ? errno : 0;
	free(path);
	if (r == EEXIST)
		return complain("container %s exists already", id);
	if (r || open_dir(c, id) || c->dir < 0)
		return complain("%s/%s: %s", oci_root, id, strerror(r ? r : errno));
	return 0;
}

void container_remove(struct container *c)
{
	static const char *const names[] = {
		"control", "program", "paused", "state.json", "state.json.tmp", "config.json",
		"config.json.tmp"
	};
	char *path;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlinkat(c->dir, names[i], 0);
	unlinkat(c->dir, "empty", AT_REMOVEDIR);
	path = xasprintf("%s/%s", oci_root, c->id);
	rmdir(path);
	free(path);
}

bool container_mark(struct container *c, const char *name, const char *text)
{
	char *tmp = xasprintf("%s.tmp", name);
	int fd = openat(c->dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n = strlen(text);
	bool done = fd >= 0 && write(fd, text, n) == n && !renameat(c->dir, tmp, c->dir, name);

	if (fd >= 0)
		close(fd);
	free(tmp);
	return done;
}

void container_unmark(struct container *c, const char *name)
{
	unlinkat(c->dir, name, 0);
}

static void add_string(struct json_object *o, const char *name, const char *value)
{
	json_object_object_add(o, name, json_object_new_string(value));
}

bool container_save(struct container *c, const char *bundle, const char *rootfs)
{
	struct json_object *o = json_object_new_object();
	time_t now = time(NULL);
	char when[32], state;
	bool done;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	json_object_object_add(o, "pid", json_object_new_int(c->pid));
	json_object_object_add(o, "start", json_object_new_int64(start_time(c->pid, &state)));
	json_object_object_add(o, "machine", json_object_new_int(c->machine));
	json_object_object_add(o, "machineStart",
			       json_object_new_int64(start_time(c->machine, &state)));
	add_string(o, "bundle", bundle);
	add_string(o, "rootfs", rootfs);
	add_string(o, "created", when);
	json_object_put(c->state);
	c->state = o;
	done = container_mark(c, "config.json", json_object_to_json_string(c->config)) &&
		container_mark(c, "state.json", json_object_to_json_string(o));
	return done;
}

struct json_object *container_state(const struct container *c)
{
	struct json_object *o = json_object_new_object();
	struct json_object *annotations = json_get(c->config, "annotations", json_type_object);
	static const char *const copied[] = { "bundle", "rootfs", "created" };
	size_t i;

	add_string(o, "ociVersion", "1.0.2");
	add_string(o, "id", c->id);
	add_string(o, "status", status_names[c->status]);
	json_object_object_add(o, "pid", json_object_new_int(c->status == STOPPED ? 0 : c->pid));
	for (i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		if (json_string(c->state, copied[i]))
			add_string(o, copied[i], json_string(c->state, copied[i]));
	if (annotations)
		json_object_object_add(o, "annotations", json_object_get(annotations));
	return o;
}

/* Names of sockets are short: it is named by the directory's descriptor. */
static void control_name(const struct container *c, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/control", c->dir);
}

int control_connect(struct container *c)
{
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	control_name(c, &a);
	if (s >= 0 && connect(s, (struct sockaddr *)&a, sizeof(a))) {
		close(s);
		return -1;
	}
	return s;
}

int control_make(struct container *c)
{
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	control_name(c, &a);
	if (s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a))) {
		close(s);
		return -1;
	}
	return s;
}

bool write_pid(const char *path, pid_t pid)
{
	char *tmp = xasprintf("%s.tmp", path), *text = xasprintf("%d", pid);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = strlen(text);
	bool done = fd >= 0 && write(fd, text, n) == n && !rename(tmp, path);

	if (fd >= 0)
		close(fd);
	free(tmp);
	free(text);
	return done;
}
