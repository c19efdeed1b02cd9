/* SPDX-License-Identifier: MIT */
/* A thousand processes at once; thousands in turn, which leave nothing behind. */
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define ALIVE 1000
#define TURNS 3000

extern char **environ;

static void alive(void)
{
	static pid_t pid[ALIVE];
	int i, n, status;

	for (n = 0; n < ALIVE; n++) {
		pid[n] = fork();
		if (!pid[n])
			for (;;)
				pause();
		if (pid[n] < 0)
			break;
	}
	if (n < ALIVE)
		t_error("only %d processes, errno %d\n", n, errno);
	for (i = 0; i < n; i++)
		t_check(!kill(pid[i], SIGKILL));
	for (i = 0; i < n; i++)
		t_check(waitpid(pid[i], &status, 0) == pid[i] && WTERMSIG(status) == SIGKILL);
}

static long free_kib(void)
{
	char line[200];
	FILE *f = fopen("/proc/meminfo", "r");
	long n = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "MemFree:", 8))
			n = atol(line + 8);
	if (f)
		fclose(f);
	return n;
}

static void one(char *self, int how)
{
	char *argv[] = { self, "nothing", NULL };
	pid_t pid;
	int status;

	if (how) {
		pid = fork();
		if (!pid)
			_exit(0);
	} else if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ)) {
		pid = -1;
	}
	t_check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void in_turn(char *self)
{
	long before = 0, after;
	int i;

	for (i = 0; i < TURNS && !t_status; i++) {
		if (i == 100)
			before = free_kib();
		one(self, i % 2);
	}
	after = free_kib();
	t_check(before > 0);
	/* what the kernel keeps for the next time is less than 2 MiB */
	if (before - after > 2048)
		t_error("%d processes took %ld KiB\n", TURNS, before - after);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 0;
	alive();
	in_turn(argv[0]);
	return t_status;
}
