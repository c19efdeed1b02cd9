/* SPDX-License-Identifier: MIT */
/* The guest's part of the tests exec-job: what others do while a program is loaded. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 100

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static pid_t begin(char *prog)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	execl(prog, prog, (char *)NULL);
	_exit(127);
}

static int ended(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* Computes until pid has ended, or for as long; the largest step of the clock. */
static double largest_gap(pid_t pid, double seconds, int *status)
{
	double start = now(), last = start, t, gap = 0;
	volatile unsigned int n;

	do {
		for (n = 0; n < 1000; n++)
			;
		t = now();
		if (t - last > gap)
			gap = t - last;
		last = t;
	} while (pid ? !waitpid(pid, status, WNOHANG) : t - start < seconds);
	return gap;
}

/*
 * The clock of who computes goes on, while a child begins a program: no step is as
 * long as that, unless the host took as long before.
 */
static int gaps(char *prog)
{
	double start = now(), gap, took, before;
	int status = -1;

	gap = largest_gap(begin(prog), 0, &status);
	took = now() - start;
	before = largest_gap(0, took < 0.5 ? took : 0.5, NULL);
	if (getenv("VERBOSE"))
		printf("gap %.1f ms, took %.1f ms, without: %.1f ms\n", gap * 1e3, took * 1e3, before * 1e3);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
		return printf("it ended with %#x\n", status), 1;
	if (gap > 0.05 && gap > took / 3 && gap > 2 * before)
		return printf("no time went by for %.0f of %.0f ms; else for %.0f at most\n",
			      gap * 1e3, took * 1e3, before * 1e3), 1;
	return 0;
}

/* SIGKILL of who waits for a program ends it, wherever the host is with it. */
static int killed(char *prog)
{
	double start, took, longest = 0;
	int i, status;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = begin(prog);
		usleep(i * 2500);
		start = now();
		kill(pid, SIGKILL);
		status = ended(pid);
		took = now() - start;
		if (took > longest)
			longest = took;
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			return printf("%d: not killed, %#x\n", i, status), 1;
	}
	start = now();
	status = ended(begin(prog));
	took = now() - start;
	if (getenv("VERBOSE"))
		printf("killed in %.1f ms, took %.1f ms\n", longest * 1e3, took * 1e3);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
		return printf("then it ended with %#x\n", status), 1;
	if (longest > 0.05 && longest > took / 2)
		return printf("killed after %.0f ms, it takes %.0f\n", longest * 1e3, took * 1e3), 1;
	return 0;
}

/* All programs at once, each by as many processes. */
static int many(char **progs, int n, int times)
{
	pid_t pids[CHILDREN];
	int i, j = 0, status, failed = 0;

	for (; times > 0; times--)
		for (i = 0; i < n && j < CHILDREN; i++)
			pids[j++] = begin(progs[i]);
	for (i = 0; i < j; i++) {
		status = ended(pids[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7) {
			printf("%s: ended with %#x\n", progs[i % n], status);
			failed = 1;
		}
	}
	return failed;
}

static char *spawned;

static int spawn(char *prog, int expected)
{
	char *argv[] = { prog, NULL };
	pid_t pid;

	return posix_spawn(&pid, prog, NULL, NULL, argv, environ) == expected &&
		(expected || WEXITSTATUS(ended(pid)) == 7) ? 0 : 1;
}

static void *spawn_in_thread(void *arg)
{
	(void)arg;
	return spawn(spawned, 0) ? "" : NULL;
}

static void *compute(void *arg)
{
	for (;;)
		++*(volatile unsigned int *)arg;
}

/* From several threads, by vfork; then one of them becomes the program. */
static int threads(char *prog)
{
	static unsigned int counts[4];
	pthread_t t[4];
	void *r;
	pid_t pid;
	int i, failed = 0;

	spawned = prog;
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, spawn_in_thread, NULL);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &r);
		failed |= r != NULL;
	}
	pid = vfork();
	if (!pid) {
		execl(prog, prog, (char *)NULL);
		_exit(127);
	}
	failed |= WEXITSTATUS(ended(pid)) != 7;
	if (failed)
		return printf("threads: failed\n"), 1;
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, compute, &counts[i]);
	execl(prog, prog, (char *)NULL);
	return 1;
}

/* What is no program: the error is that, and the line is the host's. */
static int broken(char *prog)
{
	execl(prog, prog, (char *)NULL);
	if (errno != ENOEXEC)
		return printf("%s: %m\n", prog), 1;
	return spawn(prog, ENOEXEC);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "gaps"))
		return gaps(argv[2]);
	if (!strcmp(argv[1], "killed"))
		return killed(argv[2]);
	if (!strcmp(argv[1], "many"))
		return many(argv + 3, argc - 3, atoi(argv[2]));
	if (!strcmp(argv[1], "threads"))
		return threads(argv[2]);
	if (!strcmp(argv[1], "broken"))
		return broken(argv[2]);
	return 2;
}
