/* SPDX-License-Identifier: MIT */
/*
 * Recursion: deep is well, endless is SIGSEGV for the program that does it,
 * whether it fills the stack in its memory or only the one of native code.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

/* Its frame is in memory: the address of buf is known to others. */
static int big_frames(int n, volatile char *from)
{
	volatile char buf[1000];

	buf[0] = n;
	buf[999] = from ? from[0] : 0;
	if (n == 0)
		return buf[999];
	return big_frames(n - 1, buf) + buf[0];
}

static unsigned small_frames(unsigned n);

/* volatile, lest the compiler makes a loop of it */
static unsigned (*volatile again)(unsigned) = small_frames;

/* It has values in registers only. */
static unsigned small_frames(unsigned n)
{
	return n == 0 ? 1 : again(n - 1) * 3 + n;
}

static void *in_thread(void *arg)
{
	if (arg)
		big_frames(1 << 30, NULL);
	big_frames(100, NULL);
	return NULL;
}

static int child(const char *how)
{
	pthread_t t;

	if (strcmp(how, "big") == 0)
		return big_frames(1 << 30, NULL);
	if (strcmp(how, "small") == 0)
		return small_frames(1 << 30);
	pthread_create(&t, NULL, in_thread, (void *)1);
	pthread_join(t, NULL);
	return 0;
}

static void dies_of_segv(const char *how)
{
	char *argv[] = { (char *)"stack", (char *)how, NULL };
	int status;
	pid_t pid;

	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
	t_check(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
		t_error("%s: status %#x\n", how, status);
}

int main(int argc, char **argv)
{
	pthread_t t;
	unsigned n = 3;

	if (argc > 1)
		return child(argv[1]);
	big_frames(6000, NULL);
	for (int i = 0; i < 3; i++)
		n ^= small_frames(20000);
	t_check(n != 3);
	t_check(pthread_create(&t, NULL, in_thread, NULL) == 0);
	t_check(pthread_join(t, NULL) == 0);
	dies_of_segv("big");
	dies_of_segv("small");
	dies_of_segv("thread");
	return t_status;
}
