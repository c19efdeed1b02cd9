/* SPDX-License-Identifier: MIT */
/* muslin-oci create, run */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend/client.h"
#include "oci/keeper.h"
#include "oci/oci.h"
#include "oci/start.h"

#define BOOT_MS	60000

struct create {
	const char *bundle, *pid_file, *console;
	const char *id;
	bool run;		/* in the foreground, with our terminal */
	char *rootfs;
	struct process process;
};

static int parse(struct create *o, int argc, char **argv)
{
	enum { BUNDLE = 1, PID_FILE, CONSOLE, PRESERVE, IGNORED };
	static const struct option options[] = {
		{ "bundle", required_argument, NULL, BUNDLE },
		{ "pid-file", required_argument, NULL, PID_FILE },
		{ "console-socket", required_argument, NULL, CONSOLE },
		{ "preserve-fds", required_argument, NULL, PRESERVE },
		{ "no-pivot", no_argument, NULL, IGNORED },
		{ "no-new-keyring", no_argument, NULL, IGNORED },
		{ 0 },
	};
	int opt;

	o->bundle = ".";
	while ((opt = getopt_long(argc, argv, "b:", options, NULL)) >= 0)
		switch (opt) {
		case 'b': case BUNDLE: o->bundle = optarg; break;
		case PID_FILE: o->pid_file = optarg; break;
		case CONSOLE: o->console = optarg; break;
		case PRESERVE:
			if (strcmp(optarg, "0"))
				return complain("--preserve-fds: a machine has no more files than 0 to 2");
			break;
		case IGNORED: break;
		default: return complain("%s: unknown option; see muslin-oci --help", argv[optind - 1]);
		}
	if (optind + 1 != argc)
		return complain("%s: one ID; see muslin-oci --help", argv[0]);
	o->id = argv[optind];
	return 0;
}

static int find_rootfs(struct create *o, struct json_object *config)
{
	const char *path = json_string(config, "root.path");
	struct stat st;
	char *from;
	int r = 0;

	if (!json_string(config, "ociVersion"))
		return complain("config.json: no ociVersion");
	if (!path || !*path)
		return complain("config.json: no root.path");
	from = *path == '/' ? xstrdup(path) : xasprintf("%s/%s", o->bundle, path);
	o->rootfs = realpath(from, NULL);
	if (!o->rootfs || stat(o->rootfs, &st))
		r = complain("root.path: %s: %s", from, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		r = complain("root.path: %s: %s", from, strerror(ENOTDIR));
	free(from);
	return r;
}

/* Whoever carries a machine's frames is to be there. */
static int join_network(struct json_object *config)
{
	struct json_object *list = json_get(config, "linux.namespaces", json_type_array), *o;
	size_t i, n = json_length(list);
	const char *type, *path;
	int fd, r;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(list, i);
		type = json_string(o, "type");
		path = json_string(o, "path");
		if (!type || strcmp(type, "network") || !path || !*path)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		r = fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
		if (r)
			return complain("linux.namespaces: %s: %s", path, strerror(errno));
		close(fd);
	}
	return 0;
}

static int check_process(struct create *o, struct json_object *config)
{
	struct json_object *process = json_get(config, "process", json_type_object);
	char *path;
	int r;

	if (json_is_wrong(config, "process", json_type_object))
		return 1;
	if (!process)
		return o->console ? complain("--console-socket: without process.terminal") : 0;
	if (process_parse(&o->process, process))
		return 1;
	if (o->process.terminal && !o->console && !o->run)
		return complain("process.terminal: without --console-socket");
	if (!o->process.terminal && o->console)
		return complain("--console-socket: without process.terminal");
	r = start_find(&path, o->rootfs, config, &o->process);
	free(path);
	return r;
}

/* Its process, which is up when this returns 0. */
static int make_machine(struct container *c, struct create *o)
{
	char *dir = xasprintf("%s/%s", oci_root, c->id);
	struct attend_start s = { .fd = { 0, 1, 2 }, .control = -1, .dies = true };
	struct arguments a = { 0 };
	struct attend_reply reply;
	int slave = -1, control = -1, r = 1;

	if (options_make(&a, c->config, o->bundle, o->rootfs, dir) || join_network(c->config))
		goto out;
	if (o->console) {
		slave = console_make(o->console, &o->process);
		if (slave < 0)
			goto out;
		s.fd[0] = s.fd[1] = s.fd[2] = slave;
		s.terminal = true;
	}
	s.options = a.v;
	s.control = control_make(c);
	if (s.control < 0) {
		complain("container %s: its socket: %s", c->id, strerror(errno));
		goto out;
	}
	c->pid = keeper_start(&s, o->rootfs, &a, &c->machine);
	if (c->pid < 0) {
		complain("container %s: its process: %s", c->id, strerror(-c->pid));
		goto out;
	}
	/* ours would be one that still has the socket when it has ended */
	close(s.control);
	s.control = -1;
	control = control_connect(c);
	r = control < 0 ? -errno : attend_do(control, ATTEND_READY, 0, 0, &reply, BOOT_MS);
	if (r)
		r = complain("container %s: its machine did not come up: %s", c->id, strerror(-r));
out:
	if (control >= 0)
		close(control);
	if (s.control >= 0)
		close(s.control);
	if (slave >= 0)
		close(slave);
	arguments_free(&a);
	free(dir);
	return r;
}

static int finish(struct container *c, struct create *o)
{
	if (!container_save(c, o->bundle, o->rootfs))
		return complain("container %s: its state: %s", c->id, strerror(errno));
	if (hooks_run(c, "prestart", CREATING) || hooks_run(c, "createRuntime", CREATING) ||
	    hooks_run(c, "createContainer", CREATING))
		return 1;
	if (o->pid_file && !write_pid(o->pid_file, c->pid))
		return complain("--pid-file %s: %s", o->pid_file, strerror(errno));
	return 0;
}

static int create_one(struct create *o, struct container *c, struct json_object *config)
{
	int r;

	if (find_rootfs(o, config) || check_process(o, config))
		return 1;
	if (container_make(c, o->id))
		return 1;
	c->config = json_object_get(config);
	r = make_machine(c, o) || finish(c, o);
	if (!r)
		return 0;
	if (c->pid > 0) {
		/* the machine dies with it */
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	container_remove(c);
	return 1;
}

static int create(struct create *o, struct container *c)
{
	char *bundle = realpath(o->bundle, NULL), *path;
	struct json_object *config;
	int r = 1;

	*c = (struct container){ .dir = -1, .pidfd = -1, .machine_pidfd = -1 };
	if (!id_is_valid(o->id))
		return complain("%s: not an ID of a container", o->id);
	if (!bundle)
		return complain("--bundle %s: %s", o->bundle, strerror(errno));
	o->bundle = bundle;
	path = xasprintf("%s/config.json", bundle);
	config = json_file(path);
	free(path);
	if (config)
		r = create_one(o, c, config);
	json_object_put(config);
	container_close(c);
	process_free(&o->process);
	free(o->rootfs);
	free(bundle);
	return r;
}

int cmd_create(int argc, char **argv)
{
	struct create o = { 0 };
	struct container c;

	return parse(&o, argc, argv) ? 1 : create(&o, &c);
}

static pid_t running;

static void forward(int sig)
{
	kill(running, sig);
}

/* Signals that we get are for the container's process, which passes them on. */
static int wait_for(pid_t pid)
{
	static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct sigaction sa = { .sa_handler = forward, .sa_flags = SA_RESTART };
	int status = 0;

	running = pid;
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaction(forwarded[i], &sa, NULL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cmd_run(int argc, char **argv)
{
	struct create o = { .run = true };
	struct container c;
	int status, r = parse(&o, argc, argv) ? 1 : create(&o, &c);

	if (r)
		return r;
	r = start_container(o.id);
	/* what was not started does not end */
	if (r)
		delete_container(o.id, true);
	status = wait_for(c.pid);
	if (!r)
		delete_container(o.id, true);
	return r ? r : status;
}
