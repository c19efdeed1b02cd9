// SPDX-License-Identifier: MIT
// Regression: a new thread or process ran before its creator went on, if that had run for a while.
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

#define TRIES 100

static volatile int *ran;

static void *start(void *arg)
{
	(void)arg;
	*ran = 1;
	return NULL;
}

/* More than a slice of the scheduler. */
static void compute(void)
{
	struct timespec t;
	long long start, now;

	clock_gettime(CLOCK_MONOTONIC, &t);
	start = t.tv_sec * 1000000000ll + t.tv_nsec;
	do {
		clock_gettime(CLOCK_MONOTONIC, &t);
		now = t.tv_sec * 1000000000ll + t.tv_nsec;
	} while (now - start < 2000000);
}

static int thread_was_first(void)
{
	pthread_t t;
	int first;

	*ran = 0;
	compute();
	t_check(!pthread_create(&t, NULL, start, NULL));
	first = *ran;
	pthread_join(t, NULL);
	return first;
}

static int child_was_first(void)
{
	int first;
	pid_t pid;

	*ran = 0;
	compute();
	pid = fork();
	if (!pid) {
		*ran = 1;
		_exit(0);
	}
	first = *ran;
	t_check(waitpid(pid, NULL, 0) == pid);
	return first;
}

int main(void)
{
	int threads = 0, children = 0;

	ran = mmap(NULL, sizeof(*ran), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	t_check(ran != MAP_FAILED);
	for (int i = 0; i < TRIES; i++) {
		threads += thread_was_first();
		children += child_was_first();
	}
	/* the host may stop the machine just then, for longer than a slice */
	t_check(threads < TRIES / 2);
	t_check(children < TRIES / 2);
	return t_status;
}
