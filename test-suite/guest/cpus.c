/* SPDX-License-Identifier: MIT */
/* All who say how many processors there are say the same, and a thread can be on each. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static int lines(const char *file, const char *begin)
{
	FILE *f = fopen(file, "r");
	char line[512];
	int n = 0;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		n += !strncmp(line, begin, strlen(begin)) &&
			strchr("0123456789 \t", line[strlen(begin)]);
	fclose(f);
	return n;
}

static void go_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	t_check(!sched_setaffinity(0, sizeof(set), &set));
	t_check(sched_getcpu() == cpu);
}

static void *each(void *arg)
{
	int i, n = *(int *)arg;

	for (i = 0; i < 50 * n; i++)
		go_to(i % n);
	return NULL;
}

int main(void)
{
	int n = sysconf(_SC_NPROCESSORS_ONLN), i;
	pthread_t threads[4];
	cpu_set_t set;

	t_check(n >= 1);
	t_check(sysconf(_SC_NPROCESSORS_CONF) == n);
	t_check(!sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) == n);
	t_check(lines("/proc/cpuinfo", "processor") == n);
	/* and the line of all together */
	t_check(lines("/proc/stat", "cpu") == n + 1);
	for (i = 0; i < 4; i++)
		t_check(!pthread_create(&threads[i], NULL, each, &n));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 2 * n; i++) {
		pid_t p = fork();
		int status;

		if (!p) {
			go_to(i % n);
			_exit(t_status);
		}
		t_check(waitpid(p, &status, 0) == p && !status);
	}
	CPU_ZERO(&set);
	CPU_SET(n, &set);
	t_check(sched_setaffinity(0, sizeof(set), &set) == -1 && errno == EINVAL);
	return t_status;
}
