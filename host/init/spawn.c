/* SPDX-License-Identifier: MIT */
/* Starts programs, and tells what becomes of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "host_page.h"
#include "init.h"

#define STACK	16384
#define TTY	"/dev/ttyW0"

/*
 * What a child needs.  It runs in our memory, on a stack of its own, until it
 * executes the program; it leaves error and step behind if it cannot.
 */
struct child {
	const struct ctl_spawn *s;
	struct job *job;
	const char *path, *cwd;
	char **argv, **envp;
	int error, step;
	int started[2];		/* pipe: the leader has done its part */
};

static struct job *jobs;
static struct ctl_limits *limits;	/* of the next program, or NULL */

void keep_limits(struct ctl_limits *l)
{
	free(limits);
	limits = l;
}

static int failed(struct child *c, int step)
{
	c->error = errno;
	c->step = step;
	return -1;
}

static int open_stream(const struct ctl_spawn *s, int i)
{
	uint32_t mode = s->fd[i].mode & ~CTL_FD_FILE;
	char path[32];
	int stream, fd;

	if (s->fd[i].stream == CTL_FD_TTY)
		return open(TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/dev/stream%d", s->fd[i].stream);
	stream = open(path, (mode & O_ACCMODE) | O_CLOEXEC);
	if (stream < 0 || !(s->fd[i].mode & CTL_FD_FILE))
		return stream;
	fd = ioctl(stream, HOST_STREAM_FILE, mode);
	close(stream);
	return fd;
}

/*
 * All are opened before the first takes its place, since a new file gets the
 * lowest number.
 */
static int take_files(struct child *c)
{
	int i, fd[3];

	for (i = 0; i < 3; i++) {
		fd[i] = -1;
		if (c->s->fd[i].stream == CTL_FD_CLOSED)
			continue;
		fd[i] = open_stream(c->s, i);
		if (fd[i] < 0)
			return failed(c, CTL_STEP_FILES);
	}
	for (i = 0; i < 3; i++) {
		if (fd[i] < 0)
			close(i);
		else if (dup2(fd[i], i) < 0)
			return failed(c, CTL_STEP_FILES);
	}
	return 0;
}

/*
 * By system call: the library's functions would change all threads that it
 * knows of, and those are init's.
 */
static int take_ids(struct child *c)
{
	if (syscall(SYS_setgroups, c->s->ngroups, c->s->data) ||
	    syscall(SYS_setgid, c->s->gid) || syscall(SYS_setuid, c->s->uid))
		return failed(c, CTL_STEP_IDS);
	return 0;
}

static uint64_t whole(const uint32_t *halves)
{
	return halves[0] | (uint64_t)halves[1] << 32;
}

/* By system call: the library's function would change those of all its threads. */
static int take_limits(struct child *c)
{
	uint64_t l[2];

	for (uint32_t i = 0; limits && i < limits->n; i++) {
		l[0] = whole(limits->limit[i].low);
		l[1] = whole(limits->limit[i].high);
		if (syscall(SYS_prlimit64, 0, limits->limit[i].resource, l, NULL))
			return failed(c, CTL_STEP_LIMITS);
	}
	return 0;
}

static int exec_program(void *arg)
{
	struct child *c = arg;
	sigset_t none;

	if (c->job->leader) {
		/* SIGTTOU is blocked yet: the leader blocked everything */
		setpgid(0, 0);
		tcsetpgrp(0, getpid());
	} else {
		setsid();
	}
	if (take_files(c))
		goto out;
	if (chdir(c->cwd)) {
		failed(c, CTL_STEP_CWD);
		goto out;
	}
	if (take_limits(c) || take_ids(c))
		goto out;
	umask(c->s->umask);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(c->path, c->argv, c->envp);
	failed(c, CTL_STEP_EXEC);
out:
	_exit(127);
}

/* Returns when the child has executed the program or given up. */
static pid_t vfork_program(struct child *c)
{
	char stack[STACK];
	pid_t pid = clone(exec_program, stack + STACK,
			  CLONE_VM | CLONE_VFORK | SIGCHLD, c);

	if (pid < 0)
		failed(c, CTL_STEP_PROCESS);
	return pid;
}

/*
 * A program with a terminal gets a session with a leader that outlives it:
 * as the only process of an orphaned group it could not be stopped.  The
 * leader shares init's memory for good.  It runs alone until the program is
 * started; after that it makes no call that could touch errno under init's
 * hands, since all its signals are blocked.
 */
static int lead_session(void *arg)
{
	struct child *c = arg;
	struct job *job = c->job;
	sigset_t all;
	int status, fd, id = job->id;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	fd = open(TTY, O_RDWR);		/* our controlling terminal now */
	if (fd < 0) {
		failed(c, CTL_STEP_FILES);
		_exit(1);
	}
	dup2(fd, 0);
	close(fd);

	job->leader = getpid();
	pid = vfork_program(c);
	if (c->error)
		_exit(1);
	job->pid = pid;
	reply(CTL_STARTED, id, 0, 0);
	close(c->started[0]);
	close(c->started[1]);		/* c is gone after this */
	for (;;) {
		if (waitpid(-1, &status, WUNTRACED) != pid)
			continue;
		reply(CTL_CHANGED, id, status, 0);
		if (!WIFSTOPPED(status))
			_exit(0);
	}
}

static int start_session(struct child *c)
{
	struct job *job = c->job;
	pid_t pid;
	char byte;

	job->stack = malloc(2 * STACK);
	if (!job->stack || pipe2(c->started, O_CLOEXEC))
		return failed(c, CTL_STEP_PROCESS);
	pid = clone(lead_session, job->stack + 2 * STACK, CLONE_VM | SIGCHLD, c);
	if (pid < 0)
		failed(c, CTL_STEP_PROCESS);
	else
		job->leader = pid;
	close(c->started[1]);
	read(c->started[0], &byte, 1);	/* the end: it is started or gone */
	close(c->started[0]);
	return c->error ? -1 : 0;
}

static int start_program(struct child *c)
{
	pid_t pid = vfork_program(c);

	if (c->error)
		return -1;
	c->job->pid = pid;
	reply(CTL_STARTED, c->job->id, 0, 0);
	return 0;
}

/* The nodes of its streams, which the program can open again by name. */
static void make_nodes(const struct ctl_spawn *s)
{
	char path[32];
	struct stat st;
	int i;

	if (stat("/dev/stream0", &st))
		return;
	for (i = 0; i < 3; i++) {
		if (s->fd[i].stream < 0)
			continue;
		snprintf(path, sizeof(path), "/dev/stream%d", s->fd[i].stream);
		mknod(path, S_IFCHR | 0600,
		      makedev(major(st.st_rdev), s->fd[i].stream));
		chown(path, s->uid, s->gid);
	}
}

static int has_tty(const struct ctl_spawn *s)
{
	int i;

	for (i = 0; i < 3; i++)
		if (s->fd[i].stream == CTL_FD_TTY)
			return 1;
	return 0;
}

static char **strings(char **p, unsigned n, char **text)
{
	while (n--) {
		*p++ = *text;
		*text += strlen(*text) + 1;
	}
	*p++ = NULL;
	return p;
}

static void job_free(struct job *job)
{
	struct job **p;

	for (p = &jobs; *p != job; p = &(*p)->next)
		;
	*p = job->next;
	free(job->stack);
	free(job);
}

void spawn(const struct ctl_spawn *s)
{
	struct child c = { .s = s };
	char *text = (char *)(s->data + s->ngroups);
	int r;

	c.job = calloc(1, sizeof(*c.job));
	c.argv = calloc(s->argc + s->envc + 2, sizeof(char *));
	if (!c.job || !c.argv) {
		reply(CTL_STARTED, s->head.id, ENOMEM, CTL_STEP_PROCESS);
		keep_limits(NULL);
		free(c.argv);
		free(c.job);
		return;
	}
	c.path = text;
	text += strlen(text) + 1;
	c.cwd = text;
	text += strlen(text) + 1;
	c.envp = strings(c.argv, s->argc, &text);
	strings(c.envp, s->envc, &text);

	c.job->id = s->head.id;
	c.job->next = jobs;
	jobs = c.job;
	make_nodes(s);
	add_user(s, c.envp);
	if (has_tty(s)) {
		chown(TTY, s->uid, s->gid);
		r = start_session(&c);
	} else {
		r = start_program(&c);
	}
	if (r) {
		reply(CTL_STARTED, s->head.id, c.error, c.step);
		/* a leader still uses its stack; it is freed when reaped */
		if (!c.job->leader)
			job_free(c.job);
	}
	free(c.argv);
	keep_limits(NULL);
}

void job_reap(pid_t pid, int status)
{
	struct job *job;

	for (job = jobs; job; job = job->next)
		if (pid == (job->leader ? job->leader : job->pid))
			break;
	if (!job)
		return;
	/* the leader reports, unless somebody killed it */
	if (!job->leader || WIFSIGNALED(status))
		reply(CTL_CHANGED, job->id, status, 0);
	if (!WIFSTOPPED(status))
		job_free(job);
}

void job_kill(const struct ctl_kill *k)
{
	struct job *job;

	for (job = jobs; job; job = job->next)
		if (job->id == k->head.id && job->pid)
			kill(k->group ? -job->pid : job->pid, k->sig);
}
