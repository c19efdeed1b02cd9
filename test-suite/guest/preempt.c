/* SPDX-License-Identifier: MIT */
/* Busy processes and threads share the CPU as their scheduling says, and what
 * they use is counted. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static const int64_t ms = 1000000;
static volatile uint64_t *turns;	/* shared */

/* libc's own refuse, since POSIX wants them for processes, not threads. */
#define sched_setscheduler(...) syscall(SYS_sched_setscheduler, __VA_ARGS__)
#define sched_getscheduler(...) syscall(SYS_sched_getscheduler, __VA_ARGS__)
#define sched_getparam(...) syscall(SYS_sched_getparam, __VA_ARGS__)

static int64_t now(clockid_t c)
{
	struct timespec t;

	t_check(clock_gettime(c, &t) == 0);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Without system calls, until killed. */
static pid_t busy(int i, void (*prepare)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (prepare)
		prepare();
	for (;;)
		turns[i]++;
}

static void end(pid_t pid, struct rusage *use)
{
	int status;

	kill(pid, SIGKILL);
	t_check(wait4(pid, &status, 0, use) == pid && WTERMSIG(status) == SIGKILL);
}

static int64_t used(const struct rusage *r)
{
	return (r->ru_utime.tv_sec + r->ru_stime.tv_sec) * INT64_C(1000000000) +
		(r->ru_utime.tv_usec + r->ru_stime.tv_usec) * INT64_C(1000);
}

/* Two of them for a while, and how much of the CPU each had. */
static void compete(void (*a)(void), void (*b)(void), int64_t *use, int delay)
{
	struct rusage r[2];
	pid_t pid[2];

	pid[0] = busy(0, a);
	usleep(1000);
	pid[1] = busy(1, b);
	usleep(delay);
	/* who never has the CPU does not even die */
	kill(pid[0], SIGKILL);
	kill(pid[1], SIGKILL);
	end(pid[0], &r[0]);
	end(pid[1], &r[1]);
	use[0] = used(&r[0]);
	use[1] = used(&r[1]);
}

static void nice_10(void) { nice(10); }

static void policy(int which, int priority)
{
	if (sched_setscheduler(0, which, &(struct sched_param){ priority }))
		_exit(1);
}

static void idle(void) { policy(SCHED_IDLE, 0); }
static void fifo(void) { policy(SCHED_FIFO, 5); }
static void rr(void) { policy(SCHED_RR, 5); }
static void batch(void) { policy(SCHED_BATCH, 0); }

static void real_time_parent(int on)
{
	struct sched_param p = { on ? 50 : 0 };

	t_check(sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &p) == 0);
}

static int alike(const int64_t *use)
{
	return use[0] >= use[1] / 4 && use[1] >= use[0] / 4 && use[0] + use[1] >= 100 * ms;
}

static int unlike(const int64_t *use)
{
	return use[1] <= use[0] / 4 || use[0] <= use[1] / 4;
}

static int three_to_one(const int64_t *use) { return use[0] >= 3 * use[1]; }
static int ten_to_one(const int64_t *use) { return use[0] >= 10 * use[1]; }

/*
 * Turns end with ticks.  When the host has no time for the machine there are
 * few, and what it did not have is of who had the CPU: then it takes longer.
 */
static void share(const char *what, void (*a)(void), void (*b)(void),
		  int (*right)(const int64_t *use))
{
	int64_t use[2];
	int i, delay;

	for (i = 0, delay = 300000; i < 4; i++, delay *= 3) {
		compete(a, b, use, delay);
		if (right(use))
			return;
	}
	t_error("%s used %lld and %lld\n", what, (long long)use[0], (long long)use[1]);
}

static void shares(void)
{
	share("equals", NULL, NULL, alike);
	share("other, batch", NULL, batch, alike);
	share("nice 0 and 10", NULL, nice_10, three_to_one);
	share("other and idle", NULL, idle, ten_to_one);
	real_time_parent(1);
	share("rr, rr", rr, rr, alike);
	share("fifo, fifo", fifo, fifo, unlike);
	real_time_parent(0);
}

static void policies(void)
{
	struct sched_param p = { 0 };
	struct timespec t;

	t_check(sched_getscheduler(0) == SCHED_OTHER);
	t_check(sched_get_priority_max(SCHED_FIFO) == 99 && sched_get_priority_min(SCHED_RR) == 1);
	p.sched_priority = 7;
	t_check(sched_setscheduler(0, SCHED_RR, &p) == 0 && sched_getscheduler(0) == SCHED_RR);
	t_check(sched_getparam(0, &p) == 0 && p.sched_priority == 7);
	t_check(sched_rr_get_interval(0, &t) == 0 && t.tv_nsec == 100 * ms);
	p.sched_priority = 0;
	t_check(sched_setscheduler(0, SCHED_OTHER, &p) == 0);
	p.sched_priority = 100;
	t_check(sched_setscheduler(0, SCHED_FIFO, &p) == -1 && errno == EINVAL);
	t_check(setpriority(PRIO_PROCESS, 0, 3) == 0 && getpriority(PRIO_PROCESS, 0) == 3);
	t_check(setpriority(PRIO_PROCESS, 0, 0) == 0);
}

/* --- yielding threads take turns --- */

static volatile int last, changes;

static void *yields(void *arg)
{
	int i;

	for (i = 0; i < 1000; i++) {
		changes += last != (intptr_t)arg;
		last = (intptr_t)arg;
		sched_yield();
	}
	return NULL;
}

static void yield(void)
{
	pthread_t t[2];
	intptr_t i;

	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, yields, (void *)i);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	if (changes < 500)
		t_error("2000 yields, %d changes\n", changes);
}

/* --- limits --- */

static volatile int xcpu;
static void on_xcpu(int sig) { xcpu = sig; }

static void soft_limit(void)
{
	struct rlimit l = { 1, RLIM_INFINITY };
	int c;

	signal(SIGXCPU, on_xcpu);
	setrlimit(RLIMIT_CPU, &l);
	while (!xcpu)
		;
	/* what is limited is counted in ticks, what this clock shows is not */
	c = now(CLOCK_PROCESS_CPUTIME_ID) / (10 * ms);
	_exit(c < 255 ? c : 255);
}

static void default_limit(void)
{
	setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 2 });
}

static void hard_limit(void)
{
	signal(SIGXCPU, SIG_IGN);
	setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 1 });
}

/* All at the same time. */
static void limits(void)
{
	pid_t soft = busy(0, soft_limit), by_default = busy(0, default_limit);
	pid_t hard = busy(0, hard_limit);
	int status;

	t_check(waitpid(soft, &status, 0) == soft && WIFEXITED(status));
	if (WEXITSTATUS(status) < 70)
		t_error("SIGXCPU after %d0 ms\n", WEXITSTATUS(status));
	t_check(waitpid(by_default, &status, 0) == by_default && WTERMSIG(status) == SIGXCPU);
	t_check(waitpid(hard, &status, 0) == hard && WTERMSIG(status) == SIGKILL);
}

/* --- accounting --- */

static void cpu_line(unsigned long long *user, unsigned long long *idles)
{
	unsigned long long nice, sys;
	FILE *f = fopen("/proc/stat", "r");

	t_check(f && fscanf(f, "cpu %llu %llu %llu %llu", user, &nice, &sys, idles) == 4);
	fclose(f);
}

static void is_near(const char *what, int64_t is, int64_t want)
{
	if (is < want - 40 * ms || is > want + 40 * ms)
		t_error("%s: %lld ns, not %lld\n", what, (long long)is, (long long)want);
}

/* Only this process runs: it has all of the time, if the host gives any. */
static void accounting(void)
{
	unsigned long long user0, idle0, user1, idle1;
	int64_t process = now(CLOCK_PROCESS_CPUTIME_ID), thread = now(CLOCK_THREAD_CPUTIME_ID);
	int64_t start = now(CLOCK_MONOTONIC), took, before;
	struct rusage r;
	struct tms tms0, tms1;
	volatile int i;

	t_check(getrusage(RUSAGE_SELF, &r) == 0);
	before = used(&r);
	times(&tms0);
	cpu_line(&user0, &idle0);
	while (now(CLOCK_MONOTONIC) - start < 300 * ms)
		for (i = 0; i < 100000; i++)
			;
	took = now(CLOCK_MONOTONIC) - start;
	is_near("process clock", now(CLOCK_PROCESS_CPUTIME_ID) - process, took);
	is_near("thread clock", now(CLOCK_THREAD_CPUTIME_ID) - thread, took);
	t_check(getrusage(RUSAGE_SELF, &r) == 0);
	is_near("getrusage", used(&r) - before, took);
	t_check(getrusage(RUSAGE_THREAD, &r) == 0 && used(&r) > 0);
	times(&tms1);
	is_near("times", (tms1.tms_utime + tms1.tms_stime - tms0.tms_utime - tms0.tms_stime) *
	     INT64_C(10000000), took);
	if (tms1.tms_utime - tms0.tms_utime < 20)
		t_error("user time: %ld of %lld ms\n", 10 * (tms1.tms_utime - tms0.tms_utime),
			(long long)(took / ms));
	cpu_line(&user1, &idle1);
	/* a tick that the host had no time for is nobody's: on a busy one, most */
	t_check(user1 > user0 && (user1 - user0) * 10 * ms < took + 40 * ms);
	is_near("/proc/stat idle", (idle1 - idle0) * 10 * ms, 0);

	cpu_line(&user0, &idle0);
	start = now(CLOCK_MONOTONIC);
	usleep(300000);
	took = now(CLOCK_MONOTONIC) - start;
	cpu_line(&user1, &idle1);
	is_near("/proc/stat user, asleep", (user1 - user0) * 10 * ms, 0);
	t_check((idle1 - idle0) * 10 * ms > took / 2 && (idle1 - idle0) * 10 * ms < took + 40 * ms);
}

static void children(void)
{
	struct rusage before, after, r;
	struct tms t;
	clockid_t clock;
	pid_t pid;

	t_check(getrusage(RUSAGE_CHILDREN, &before) == 0);
	pid = busy(0, NULL);
	usleep(200000);
	t_check(clock_getcpuclockid(pid, &clock) == 0 && now(clock) > 100 * ms);
	end(pid, &r);
	t_check(used(&r) > 100 * ms && used(&r) < 400 * ms && r.ru_nivcsw >= 0);
	t_check(getrusage(RUSAGE_CHILDREN, &after) == 0);
	is_near("children", used(&after) - used(&before), used(&r));
	times(&t);
	t_check(t.tms_cutime + t.tms_cstime >= 10);
}

/* The load average is taken every 5 seconds. */
static void load_average(void)
{
	double load[3], other;
	FILE *f;
	pid_t a = busy(0, NULL), b = busy(1, NULL);
	int i;

	for (i = 0, load[0] = 0; i < 60 && load[0] < 0.05; i++) {
		usleep(100000);
		t_check(getloadavg(load, 3) == 3);
	}
	t_check(load[0] >= 0.05 && load[0] < 4 && load[0] > load[2]);
	f = fopen("/proc/loadavg", "r");
	t_check(f && fscanf(f, "%lf", &other) == 1 && other >= 0.05);
	fclose(f);
	end(a, NULL);
	end(b, NULL);
}

int main(void)
{
	turns = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	accounting();
	policies();
	shares();
	yield();
	children();
	limits();
	load_average();
	return t_status;
}
