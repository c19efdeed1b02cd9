/* SPDX-License-Identifier: MIT */
/* A time namespace has its own CLOCK_MONOTONIC. */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <time.h>
#include "namespaces.h"
#include "test.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

int main(void)
{
	struct timespec before, t, one = { 0, 1000000 };
	int status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &before);
	be_root(CLONE_NEWTIME);
	write_file("/proc/self/timens_offsets", "monotonic 86400 0");
	pid = fork();
	if (!pid) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		t_check(t.tv_sec >= before.tv_sec + 86400 && t.tv_sec < before.tv_sec + 86500);
		t.tv_nsec += one.tv_nsec;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		t_check(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
		_exit(t_status);
	}
	t_check(waitpid(pid, &status, 0) == pid && !status);
	return t_status;
}
