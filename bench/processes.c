/* SPDX-License-Identifier: MIT */
/* processes WHAT: nanoseconds for one of WHAT, and a constant. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *self;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void fork_exit_wait(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		exit(1);
}

static void start(const char *program)
{
	char *argv[] = { (char *)program, "nothing", NULL };
	int status;
	pid_t pid;

	if (posix_spawn(&pid, program, NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status)
		exit(1);
}

static void spawn_wait(void)
{
	start(self);
}

/* another program, beside this one */
static char other[200];

static void exec_wait(void)
{
	start(other);
}

/* every page of a GiB, for the first time */
static void touch_gib(void)
{
	size_t n = 1u << 30, i;
	volatile char *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	for (i = 0; i < n; i += 4096)
		p[i] = 1;
	munmap((void *)p, n);
}

/* 10,000 processes in turn; time to look at the host after 100, and at the end */
static void turns(void)
{
	int i;

	for (i = 1; i <= 10000; i++) {
		(i % 2 ? spawn_wait : fork_exit_wait)();
		if (i == 100 || i == 10000) {
			printf("%d\n", i);
			fflush(stdout);
			sleep(1);
		}
	}
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* the median */
static double each(int times, void (*fn)(void))
{
	double t[501];
	int i;

	for (i = 0; i < times; i++) {
		t[i] = now_ns();
		fn();
		t[i] = now_ns() - t[i];
	}
	qsort(t, times, sizeof *t, compare);
	return t[times / 2];
}

/* a byte to a child and back, by pipes */
static double pipe_ping_pong(int times)
{
	int to[2], from[2], i;
	double start;
	char c = 0;

	if (pipe(to) || pipe(from))
		exit(1);
	if (!fork()) {
		close(to[1]);
		while (read(to[0], &c, 1) == 1)
			if (write(from[1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	start = now_ns();
	for (i = 0; i < times; i++)
		if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
			exit(1);
	start = (now_ns() - start) / times;
	close(to[1]);
	wait(NULL);
	return start;
}

/* two that spin on a word, without a system call */
static double memory_ping_pong(int times)
{
	volatile int *turn = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double start;
	int i;

	if (!fork()) {
		for (i = 0; i < times; i++) {
			while (*turn != 2 * i + 1)
				;
			*turn = 2 * i + 2;
		}
		_exit(0);
	}
	start = now_ns();
	for (i = 0; i < times; i++) {
		*turn = 2 * i + 1;
		while (*turn != 2 * i + 2)
			;
	}
	start = (now_ns() - start) / times;
	wait(NULL);
	return start;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	double ns;

	self = argv[0];
	if (!strcmp(what, "nothing"))
		return 0;
	if (!strcmp(what, "turns")) {
		turns();
		return 0;
	}
	else if (!strcmp(what, "fork"))
		ns = each(501, fork_exit_wait);
	else if (!strcmp(what, "spawn"))
		ns = each(201, spawn_wait);
	else if (!strcmp(what, "exec") && argc > 2) {
		snprintf(other, sizeof other, "%.*s/%s",
			 (int)(strrchr(self, '/') - self), self, argv[2]);
		ns = each(51, exec_wait);
	}
	else if (!strcmp(what, "touch"))
		ns = each(3, touch_gib);
	else if (!strcmp(what, "pipe"))
		ns = pipe_ping_pong(2000);
	else if (!strcmp(what, "memory"))
		ns = memory_ping_pong(20);
	else
		return 2;
	printf("%.0f 0\n", ns);
	return 0;
}
