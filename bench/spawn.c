/* SPDX-License-Identifier: MIT */
/*
 * usage: spawn TIMES COMMAND [ARGUMENT]...
 *
 * Runs a command that does what stamp.c does.  Prints, in milliseconds, the
 * medians of the time to that stamp and of the time to the end.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void die(const char *what, int error)
{
	fprintf(stderr, "spawn: %s: %s\n", what, strerror(error));
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void run(char **argv, double *to_stamp, double *to_end)
{
	posix_spawn_file_actions_t actions;
	double start, stamp;
	int fd[2], status, error;
	pid_t pid;
	FILE *f;

	if (pipe(fd) < 0)
		die("pipe", errno);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd[1], 1);
	posix_spawn_file_actions_addclose(&actions, fd[0]);
	start = now_ms();
	error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (error)
		die(argv[0], error);
	posix_spawn_file_actions_destroy(&actions);
	close(fd[1]);
	f = fdopen(fd[0], "r");
	if (fscanf(f, "%lf", &stamp) != 1)
		die(argv[0], EIO);
	while (waitpid(pid, &status, 0) < 0)
		;
	*to_end = now_ms() - start;
	*to_stamp = stamp / 1e6 - start;
	fclose(f);
	if (status)
		die(argv[0], EIO);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	int i, n = argc > 2 ? atoi(argv[1]) : 0;
	double *to_stamp, *to_end;

	if (n <= 0) {
		fprintf(stderr, "usage: spawn TIMES COMMAND [ARGUMENT]...\n");
		return 2;
	}
	to_stamp = calloc(n, sizeof *to_stamp);
	to_end = calloc(n, sizeof *to_end);
	for (i = 0; i < n; i++)
		run(argv + 2, &to_stamp[i], &to_end[i]);
	qsort(to_stamp, n, sizeof *to_stamp, compare);
	qsort(to_end, n, sizeof *to_end, compare);
	printf("%.2f %.2f\n", to_stamp[n / 2], to_end[n / 2]);
	return 0;
}
