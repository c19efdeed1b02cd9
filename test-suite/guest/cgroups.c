/* SPDX-License-Identifier: MIT */
/* Control groups: pids, memory, cpu and the freezer do what they say. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "namespaces.h"
#include "test.h"

static long number(const char *path, const char *name)
{
	char word[64];
	long n = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (fscanf(f, "%63s %ld", word, &n) == 2 && strcmp(word, name))
		n = -1;
	fclose(f);
	return n;
}

static pid_t in_group(const char *procs, void (*fn)(void))
{
	pid_t pid = fork();

	if (!pid) {
		write_file(procs, "0");
		fn();
		_exit(0);
	}
	return pid;
}

static void forks_too_often(void)
{
	pid_t pid = fork();

	if (!pid)
		pause();
	if (pid < 0 || fork() != -1 || errno != EAGAIN)
		_exit(1);
	kill(pid, SIGKILL);
}

static void eats(void)
{
	size_t n = 64 << 20;

	memset(mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, n);
}

static void spins(void)
{
	struct timespec t;
	long end;

	clock_gettime(CLOCK_MONOTONIC, &t);
	end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + 400;
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < end);
}

static volatile unsigned int *count;

static void counts(void)
{
	for (;;) {
		++*count;
		usleep(1000);
	}
}

static void freezes(void)
{
	unsigned int seen;
	pid_t pid;
	int i;

	count = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mkdir("/cg/ice", 0755);
	pid = in_group("/cg/ice/cgroup.procs", counts);
	while (!*count)
		usleep(1000);
	write_file("/cg/ice/cgroup.freeze", "1");
	for (i = 0; i < 1000 && number("/cg/ice/cgroup.events", "frozen") != 1; i++)
		usleep(1000);
	t_check(number("/cg/ice/cgroup.events", "frozen") == 1);
	seen = *count;
	usleep(50000);
	t_check(*count == seen);
	write_file("/cg/ice/cgroup.freeze", "0");
	for (i = 0; i < 1000 && *count == seen; i++)
		usleep(1000);
	t_check(*count != seen);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	int status;

	want_root();
	/* the kernel says whom it kills */
	write_file("/proc/sys/kernel/printk", "1");
	mkdir("/cg", 0755);
	t_check(!mount("none", "/cg", "cgroup2", 0, NULL));
	write_file("/cg/cgroup.subtree_control", "+pids +memory +cpu");

	mkdir("/cg/few", 0755);
	write_file("/cg/few/pids.max", "2");
	waitpid(in_group("/cg/few/cgroup.procs", forks_too_often), &status, 0);
	t_check(!status);
	t_check(number("/cg/few/pids.events", "max") > 0);

	mkdir("/cg/small", 0755);
	write_file("/cg/small/memory.max", "16M");
	waitpid(in_group("/cg/small/cgroup.procs", eats), &status, 0);
	t_check(status == SIGKILL);
	t_check(number("/cg/small/memory.events", "oom_kill") == 1);

	mkdir("/cg/slow", 0755);
	write_file("/cg/slow/cpu.max", "20000 100000");
	waitpid(in_group("/cg/slow/cgroup.procs", spins), &status, 0);
	t_check(!status);
	t_check(number("/cg/slow/cpu.stat", "nr_throttled") > 0);

	freezes();
	return t_status;
}
