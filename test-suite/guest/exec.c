/* SPDX-License-Identifier: MIT */
/* execve: what stays, what goes, and large arguments. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test.h"

static char large[100000];
static int data = 1;

static void handler(int sig) { (void)sig; }

static void *forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void again(const char *step)
{
	static char pid[20], fds[20];
	char *argv[] = { (char *)"name", (char *)step, pid, fds, large, NULL };
	char *envp[] = { (char *)"A=1", large, NULL };
	pthread_t t;
	int keep = open("/dev/null", O_RDONLY), lose = open("/dev/null", O_RDONLY | O_CLOEXEC);

	data = 2;
	memset(large, 'x', sizeof large - 1);
	memcpy(large, "B=", 2);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	snprintf(fds, sizeof fds, "%d %d", keep, lose);
	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	pthread_create(&t, NULL, forever, NULL);
	execve("/proc/self/exe", argv, envp);
	t_error("execve: %s\n", strerror(errno));
}

static void check(char **argv)
{
	int keep, lose;

	t_check(data == 1);
	t_check(atoi(argv[2]) == getpid());
	t_check(sscanf(argv[3], "%d %d", &keep, &lose) == 2);
	t_check(fcntl(keep, F_GETFD) == 0);
	t_check(fcntl(lose, F_GETFD) == -1 && errno == EBADF);
	t_check(strlen(argv[4]) == sizeof large - 1 && argv[5] == NULL);
	t_check(strcmp(getenv("A"), "1") == 0);
	t_check(strlen(getenv("B")) == sizeof large - 3);
	t_check(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
	t_check(signal(SIGUSR2, SIG_DFL) == SIG_IGN);
}

int main(int argc, char **argv)
{
	if (argc == 1) {
		char *bad[] = { (char *)1, NULL };

		t_check(execve("/no/such/file", argv, environ) == -1 && errno == ENOENT);
		t_check(execve("/proc/self/exe", bad, environ) == -1 && errno == EFAULT);
		again("1");
	} else {
		check(argv);
		if (strcmp(argv[1], "3") != 0)
			again(strcmp(argv[1], "1") ? "3" : "2");
	}
	return t_status;
}
