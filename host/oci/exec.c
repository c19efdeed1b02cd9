/* SPDX-License-Identifier: MIT */
/*
 * muslin-oci exec: another program in the machine, and a process of the host that stands
 * for it: it gets its signals, and ends as it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend/client.h"
#include "muslin.h"
#include "oci/oci.h"
#include "oci/start.h"

#define START_MS	120000

struct exec {
	const char *process, *pid_file, *console, *cwd, *user;
	bool terminal, detach;
	struct json_object *env;	/* that is added */
	const char *id;
	char **argv;
	int argc;
};

static int parse(struct exec *o, int argc, char **argv)
{
	enum { PID_FILE = 1, CONSOLE, CWD, PRESERVE, IGNORED };
	static const struct option options[] = {
		{ "process", required_argument, NULL, 'p' },
		{ "pid-file", required_argument, NULL, PID_FILE },
		{ "console-socket", required_argument, NULL, CONSOLE },
		{ "cwd", required_argument, NULL, CWD },
		{ "env", required_argument, NULL, 'e' },
		{ "user", required_argument, NULL, 'u' },
		{ "tty", no_argument, NULL, 't' },
		{ "detach", no_argument, NULL, 'd' },
		{ "preserve-fds", required_argument, NULL, PRESERVE },
		{ "cap", required_argument, NULL, IGNORED },
		{ "no-new-privs", no_argument, NULL, IGNORED },
		{ "cgroup", required_argument, NULL, IGNORED },
		{ 0 },
	};
	int opt;

	o->env = json_object_new_array();
	while ((opt = getopt_long(argc, argv, "+p:e:u:td", options, NULL)) >= 0)
		switch (opt) {
		case 'p': o->process = optarg; break;
		case PID_FILE: o->pid_file = optarg; break;
		case CONSOLE: o->console = optarg; break;
		case CWD: o->cwd = optarg; break;
		case 'e': json_object_array_add(o->env, json_object_new_string(optarg)); break;
		case 'u': o->user = optarg; break;
		case 't': o->terminal = true; break;
		case 'd': o->detach = true; break;
		case PRESERVE:
			if (strcmp(optarg, "0"))
				return complain("--preserve-fds: a machine has no more files than 0 to 2");
			break;
		case IGNORED: break;
		default: return complain("%s: unknown option; see muslin-oci --help", argv[optind - 1]);
		}
	if (optind >= argc || (!o->process && optind + 1 == argc))
		return complain("exec: an ID, and a program; see muslin-oci --help");
	o->id = argv[optind];
	o->argv = argv + optind + 1;
	o->argc = argc - optind - 1;
	return 0;
}

static int set_user(struct json_object *o, const char *text)
{
	struct json_object *user = json_object_new_object();
	char *end;
	long uid = strtol(text, &end, 10), gid = 0;

	if (end > text && *end == ':' && end[1])
		gid = strtol(end + 1, &end, 10);
	json_object_object_add(o, "user", user);
	json_object_object_add(user, "uid", json_object_new_int64(uid));
	json_object_object_add(user, "gid", json_object_new_int64(gid));
	return *end || end == text ? complain("--user %s: not UID[:GID]", text) : 0;
}

/* The container's process as the specification has it, changed by options. */
static struct json_object *make_process(const struct exec *o, struct container *c)
{
	struct json_object *p = NULL, *args, *env;
	size_t i;

	if (o->process)
		return json_file(o->process);
	json_object_deep_copy(json_get(c->config, "process", json_type_object), &p, NULL);
	if (!p)
		p = json_object_new_object();
	args = json_object_new_array();
	for (int n = 0; n < o->argc; n++)
		json_object_array_add(args, json_object_new_string(o->argv[n]));
	json_object_object_add(p, "args", args);
	env = json_get(p, "env", json_type_array);
	if (!env) {
		env = json_object_new_array();
		json_object_object_add(p, "env", env);
	}
	for (i = 0; i < json_length(o->env); i++)
		json_object_array_add(env, json_object_get(json_object_array_get_idx(o->env, i)));
	json_object_object_add(p, "terminal", json_object_new_boolean(o->terminal));
	if (o->cwd)
		json_object_object_add(p, "cwd", json_object_new_string(o->cwd));
	if (o->user && set_user(p, o->user)) {
		json_object_put(p);
		return NULL;
	}
	return p;
}

/* --- the process that stands for it --- */

static void pass_on(int control, int id, int sig)
{
	int fd = sig == SIGWINCH ? attend_ask(control, ATTEND_WINCH, 0, 0) :
		attend_ask(control, ATTEND_KILL, id, sig);

	if (fd >= 0)
		close(fd);
}

static int follow(int control, int answers, int id)
{
	struct attend_reply a;
	struct signalfd_siginfo si;
	sigset_t set;
	int fd, sig;

	sigemptyset(&set);
	for (sig = 1; sig <= 31; sig++)
		if (sig != SIGCHLD && sig != SIGPIPE && sig != SIGTTOU && sig != SIGTTIN &&
		    sig != SIGSEGV && sig != SIGTSTP && sig != SIGCONT)
			sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	for (;;) {
		struct pollfd p[] = {
			{ .fd = answers, .events = POLLIN }, { .fd = fd, .events = POLLIN },
		};

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && read(fd, &si, sizeof(si)) == sizeof(si))
			pass_on(control, id, si.ssi_signo);
		if (!p[0].revents)
			continue;
		if (attend_answer(answers, &a, 0) != 1 || a.type != ATTEND_CHANGED)
			return 128 + SIGKILL;	/* with its machine */
		return WIFSIGNALED(a.value) ? 128 + WTERMSIG(a.value) : WEXITSTATUS(a.value);
	}
}

static int start_status(int err)
{
	return err == -ENOENT ? 127 : err == -EACCES || err == -ENOEXEC ? 126 : 255;
}

/* Started is told on a pipe, if there is one; otherwise the result is the exit status. */
static int stand_for(int control, struct muslin_program *program, const struct process *p, int told)
{
	int answers, n;
	struct attend_reply a = { .text = "the machine is gone" };
	char byte = 0;

	answers = attend_spawn(control, program, p->terminal ? ATTEND_TTY : 0);
	n = answers < 0 ? answers : attend_answer(answers, &a, START_MS);
	if (n != 1 || a.type != ATTEND_STARTED || a.value <= 0) {
		complain("exec: %s: %s", p->argv[0], a.text);
		return n == 1 ? start_status(a.value) : 255;
	}
	if (told >= 0) {
		(void)!write(told, &byte, 1);
		close(told);
	}
	return follow(control, answers, a.value);
}

/* In a session of its own: a terminal tells it about its size. */
static int apart(const struct exec *o, int control, struct muslin_program *program,
		 const struct process *p)
{
	int told[2], status;
	char byte;
	pid_t pid;

	if (pipe2(told, O_CLOEXEC))
		return complain("exec: a pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return complain("exec: a process: %s", strerror(errno));
	if (!pid) {
		close(told[0]);
		setsid();
		if (p->terminal)
			ioctl(program->fd[0], TIOCSCTTY, 0);
		exit(stand_for(control, program, p, told[1]));
	}
	close(told[1]);
	if (read(told[0], &byte, 1) != 1) {
		waitpid(pid, &status, 0);
		return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 255;
	}
	if (o->pid_file && !write_pid(o->pid_file, pid))
		complain("--pid-file %s: %s", o->pid_file, strerror(errno));
	if (o->detach)
		return 0;
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int exec(const struct exec *o, struct container *c, const struct process *p)
{
	struct muslin_program program;
	char *path;
	int control, slave, status;

	if (start_find(&path, json_string(c->state, "rootfs"), c->config, p))
		return 127;
	control = control_connect(c);
	if (control < 0)
		return complain("container %s: its socket: %s", c->id, strerror(errno));
	program = process_program(p, path);
	if (o->console) {
		slave = console_make(o->console, p);
		if (slave < 0)
			return 1;
		program.fd[0] = program.fd[1] = program.fd[2] = slave;
	}
	status = o->detach || o->console ? apart(o, control, &program, p) :
		stand_for(control, &program, p, -1);
	close(control);
	free(path);
	return status;
}

int cmd_exec(int argc, char **argv)
{
	struct exec o = { 0 };
	struct json_object *json;
	struct container c;
	struct process p = { 0 };
	int r;

	if (parse(&o, argc, argv) || container_open(&c, o.id))
		return 1;
	json = make_process(&o, &c);
	if (!json || process_parse(&p, json))
		r = 1;
	else if (c.status != RUNNING)
		r = complain("container %s is not running, but %s", c.id, status_names[c.status]);
	else if (p.terminal && !o.console && o.detach)
		r = complain("process.terminal: without --console-socket");
	else if (!p.terminal && o.console)
		r = complain("--console-socket: without process.terminal");
	else
		r = exec(&o, &c, &p);
	process_free(&p);
	json_object_put(json);
	json_object_put(o.env);
	container_close(&c);
	return r;
}
