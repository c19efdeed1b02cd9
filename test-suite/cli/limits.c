/* SPDX-License-Identifier: MIT */
/* What test-suite/cli/limits runs. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *sleep_in_thread(void *arg)
{
	pause();
	return arg;
}

/* How many children there can be at once, and the error of one more. */
static int forks(void)
{
	int n = 0, status;

	for (;;) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid)
			for (;;)
				pause();
		n++;
		if (n == 500)
			return 2;
	}
	status = errno == EAGAIN ? 0 : 3;
	/* a thread is one more, too */
	if (pthread_create(&(pthread_t){ 0 }, NULL, sleep_in_thread, NULL) != EAGAIN)
		status = 4;
	printf("%d\n", n);
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	/* there is room again */
	if (!(n = fork()))
		_exit(0);
	return n > 0 ? status : 5;
}

/* argv[2]: bytes, to both; what was written, and why no more was. */
static int writes(long n)
{
	static char text[65536];
	long done = 0;
	ssize_t r = 0;

	memset(text, 'x', sizeof(text));
	while (done < n) {
		r = write(done / 65536 % 2 ? 2 : 1, text, sizeof(text));
		if (r < 0)
			break;
		done += r;
	}
	return r < 0 && errno == ENOSPC ? 28 : done < n;
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "forks"))
		return forks();
	if (!strcmp(argv[1], "writes"))
		return writes(atol(argv[2]));
	if (!strcmp(argv[1], "extends"))
		return ftruncate(1, atol(argv[2])) && errno == ENOSPC ? 28 : 0;
	if (!strcmp(argv[1], "sleeps")) {
		signal(SIGTERM, SIG_IGN);
		if (argc > 2 && fork() == 0)
			setsid();
		for (;;)
			pause();
	}
	for (;;)
		;	/* spins */
}
