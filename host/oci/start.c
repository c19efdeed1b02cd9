/* SPDX-License-Identifier: MIT */
/* muslin-oci start */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend/client.h"
#include "muslin.h"
#include "oci/oci.h"
#include "oci/start.h"

#define START_MS	120000	/* a C compiler may be waited for */

/* What is not there may be so in a mount, or the guest's memory: it finds out. */
static bool may_be(int root, const char *path, struct json_object *config)
{
	static const char *const own[] = { "/dev/", "/proc/", "/run/", "/sys/", "/tmp/" };
	struct json_object *mounts = json_get(config, "mounts", json_type_array);
	int fd = *path == '/' ? rootfs_open(root, path) : -1;
	const char *to;
	size_t i;

	if (*path != '/' || fd >= 0) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (!strncmp(path, own[i], strlen(own[i])))
			return true;
	for (i = 0; i < json_length(mounts); i++) {
		to = json_string(json_object_array_get_idx(mounts, i), "destination");
		if (to && !strncmp(path, to, strlen(to)))
			return true;
	}
	return false;
}

int start_find(char **path, const char *rootfs, struct json_object *config,
	       const struct process *p)
{
	int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*path = NULL;
	if (root >= 0 && !strchr(p->argv[0], '/'))
		*path = rootfs_find(root, p->argv[0], p->envp);
	else if (root >= 0 && may_be(root, p->argv[0], config))
		*path = xstrdup(p->argv[0]);
	if (root >= 0)
		close(root);
	if (*path)
		return 0;
	return complain("%s: executable file not found in $PATH: No such file or directory",
			p->argv[0]);
}

/* What it answers to a start: its id, or negative. */
static int await_start(int answers, const char *what)
{
	struct attend_reply a;
	int n = answers < 0 ? answers : attend_answer(answers, &a, START_MS);

	if (n == 1 && a.type == ATTEND_STARTED && a.value > 0)
		return a.value;
	if (n == 1)
		complain("%s: %s", what, a.text);
	else
		complain("%s: the machine %s", what, n == -ETIMEDOUT ? "does not answer" : "is gone");
	return -1;
}

/* A hook of the guest's; its standard input has the state. */
static int run_in_guest(int control, struct json_object *hook, const char *state)
{
	const char *path = json_string(hook, "path");
	struct muslin_program p = { .path = path, .umask = 022, .fd = { -1, 2, 2 } };
	char **argv, **envp, *just_path[] = { (char *)path, NULL };
	struct attend_reply a = { 0 };
	int answers, r;

	if (!path || *path != '/')
		return complain("hooks.startContainer: a path that is not absolute");
	argv = json_strings(json_get(hook, "args", json_type_array), "");
	envp = json_strings(json_get(hook, "env", json_type_array), "");
	p.argv = argv[0] ? argv : just_path;
	p.envp = envp;
	p.fd[0] = memfd_create("state", MFD_CLOEXEC);
	(void)!write(p.fd[0], state, strlen(state));
	lseek(p.fd[0], 0, SEEK_SET);
	answers = attend_spawn(control, &p, 0);
	r = await_start(answers, path) < 0;
	if (!r && (attend_answer(answers, &a, START_MS) != 1 || a.value))
		r = complain("hooks.startContainer: %s: it ended with status %d", path,
			     WEXITSTATUS(a.value));
	close(answers);
	close(p.fd[0]);
	free(argv);
	free(envp);
	return r;
}

static int guests_hooks(struct container *c, int control)
{
	struct json_object *list = json_get(c->config, "hooks.startContainer", json_type_array);
	struct json_object *state = container_state(c);
	size_t i, n = json_length(list);
	int r = 0;

	for (i = 0; i < n && !r; i++)
		r = run_in_guest(control, json_object_array_get_idx(list, i),
				 json_object_to_json_string_ext(state, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(state);
	return r;
}

static int start_program(struct container *c, int control)
{
	struct json_object *o = json_get(c->config, "process", json_type_object);
	struct muslin_program program;
	struct process p;
	char *path, number[16];
	int answers, r = process_parse(&p, o);

	if (!r)
		r = start_find(&path, json_string(c->state, "rootfs"), c->config, &p);
	if (r)
		return r;
	program = process_program(&p, path);
	answers = attend_spawn(control, &program, ATTEND_MAIN | (p.terminal ? ATTEND_TTY : 0));
	r = await_start(answers, p.argv[0]);
	if (answers >= 0)
		close(answers);
	free(path);
	process_free(&p);
	if (r < 0)
		return 1;
	snprintf(number, sizeof(number), "%d", r);
	if (!container_mark(c, "program", number))
		return complain("container %s: its state: %s", c->id, strerror(errno));
	return 0;
}

static int start(struct container *c)
{
	int control, r;

	if (c->status != CREATED)
		return complain("container %s is not created, but %s", c->id, status_names[c->status]);
	if (!json_get(c->config, "process", json_type_object))
		return complain("config.json: no process");
	control = control_connect(c);
	if (control < 0)
		return complain("container %s: its socket: %s", c->id, strerror(errno));
	r = sysctl_set(c->config, control) || guests_hooks(c, control) || start_program(c, control);
	close(control);
	/* a failure of these is only told, as the specification wants it */
	if (!r)
		hooks_run(c, "poststart", RUNNING);
	return r;
}

int start_container(const char *id)
{
	struct container c;
	int r;

	if (container_open(&c, id))
		return 1;
	r = start(&c);
	container_close(&c);
	return r;
}

int cmd_start(int argc, char **argv)
{
	if (argc != 2)
		return complain("start: one ID; see muslin-oci --help");
	return start_container(argv[1]);
}
