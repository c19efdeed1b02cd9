/* SPDX-License-Identifier: MIT */
/*
 * A program at the end of its native stack ends the machine, or the host: by a
 * system call from there, by a fault in the fault's handler, by an interrupt.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static volatile unsigned depth, limit = -1, spins;
static char other[65536];

static unsigned call(unsigned n);
static unsigned (*volatile call_again)(unsigned) = call;
static unsigned call(unsigned n) { return getppid() + call_again(n + 1) * 3 + n; }

/* Spins for some ticks at depth limit. */
static unsigned spin(unsigned n);
static unsigned (*volatile spin_again)(unsigned) = spin;

static unsigned spin(unsigned n)
{
	clock_t end;

	depth = n;
	if (n < limit)
		return spin_again(n + 1) * 3 + n;
	for (end = 0; end < 20000000; end++)
		spins++;
	return 1;
}

static void faults(int sig) { *(volatile int *)0 = sig; }

static void tells_depth(int sig)
{
	write(1, (void *)&depth, sizeof depth);
	_exit(sig == SIGSEGV ? 0 : 1);
}

static int child(const char *what)
{
	struct sigaction a = { .sa_handler = faults, .sa_flags = SA_NODEFER };
	stack_t s = { .ss_sp = other, .ss_size = sizeof other };

	if (strcmp(what, "call") == 0)
		return call(0);
	if (strcmp(what, "handler") == 0) {
		sigaction(SIGSEGV, &a, NULL);
		return *(volatile int *)0;
	}
	if (strcmp(what, "depth") == 0) {
		sigaltstack(&s, NULL);
		a.sa_handler = tells_depth;
		a.sa_flags = SA_ONSTACK;
		sigaction(SIGSEGV, &a, NULL);
	} else {
		limit = strtoul(what, NULL, 10);
	}
	return spin(0) == 7;
}

static int run(const char *what, int out)
{
	char *argv[] = { (char *)"stack_native", (char *)what, NULL };
	posix_spawn_file_actions_t a;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&a);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&a, out, 1);
	t_check(posix_spawn(&pid, "/proc/self/exe", &a, NULL, argv, environ) == 0);
	t_check(waitpid(pid, &status, 0) == pid);
	posix_spawn_file_actions_destroy(&a);
	return status;
}

static int by_segv(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

int main(int argc, char **argv)
{
	unsigned max = 0, back;
	char text[20];
	int fd[2], status;

	if (argc > 1)
		return child(argv[1]);
	t_check(by_segv(run("call", -1)));
	t_check(by_segv(run("handler", -1)));
	t_check(pipe(fd) == 0 && run("depth", fd[1]) == 0);
	t_check(read(fd[0], &max, sizeof max) == sizeof max && max > 10000);
	for (back = 1; back < 300; back += back / 3 + 1) {
		snprintf(text, sizeof text, "%u", max - back);
		status = run(text, -1);
		t_check(status == 0 || by_segv(status));
	}
	/* with some KiB left it goes on as ever */
	snprintf(text, sizeof text, "%u", max - max / 8);
	t_check(run(text, -1) == 0);
	return t_status;
}
