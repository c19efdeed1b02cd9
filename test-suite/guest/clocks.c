/* SPDX-License-Identifier: MIT */
/* Clocks agree with each other; who sets the time sets the guest's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static const int64_t ms = 1000000, s = 1000000000;

static int64_t now(clockid_t c)
{
	struct timespec t;

	t_check(clock_gettime(c, &t) == 0 && t.tv_nsec >= 0 && t.tv_nsec < s);
	return t.tv_sec * s + t.tv_nsec;
}

static struct timespec timespec(int64_t ns)
{
	return (struct timespec){ ns / s, ns % s };
}

static int64_t absolute(int64_t ns) { return ns < 0 ? -ns : ns; }

static void agree(clockid_t a, clockid_t b, int64_t by)
{
	int64_t x = now(a), y = now(b), z = now(a);

	if (y < x - by || y > z + by)
		t_error("clock %d: %lld, clock %d: %lld\n", (int)a, (long long)x, (int)b,
			(long long)y);
}

/* How far MONOTONIC is before MONOTONIC_RAW: the shortest look of many tells. */
static int64_t ahead_of_raw(void)
{
	int64_t x, y, z, shortest = INT64_MAX, ahead = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		x = now(CLOCK_MONOTONIC);
		y = now(CLOCK_MONOTONIC_RAW);
		z = now(CLOCK_MONOTONIC);
		if (z - x < shortest) {
			shortest = z - x;
			ahead = x + shortest / 2 - y;
		}
	}
	return ahead;
}

static void kinds(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
		CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI };
	struct timespec res;
	struct timeval tv;
	struct sysinfo info;
	int64_t a[7], b, ahead;
	unsigned i, j;

	usleep(50000);	/* a kernel that has just started counts in ticks */
	for (i = 0; i < 7; i++) {
		t_check(clock_getres(all[i], &res) == 0 && res.tv_sec == 0);
		if (i == 3 || i == 4)
			t_check(res.tv_nsec >= ms && res.tv_nsec <= 10 * ms);	/* a tick */
		else
			t_check(res.tv_nsec == 1);
		a[i] = now(all[i]);
	}
	for (j = 0; j < 2000; j++)
		for (i = 0; i < 7; i++) {
			b = now(all[i]);
			if (b < a[i])
				t_error("clock %d went back\n", (int)all[i]);
			a[i] = b;
		}
	/* what passed before the kernel kept time is missing in RAW, on any machine */
	ahead = ahead_of_raw();
	t_check(ahead >= 0 && ahead < s);
	for (i = 0; i < 5; i++) {
		agree(CLOCK_REALTIME, CLOCK_REALTIME_COARSE, 30 * ms);
		agree(CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, 30 * ms);
		agree(CLOCK_MONOTONIC, CLOCK_BOOTTIME, ms);
		usleep(7000);
		t_check(absolute(ahead_of_raw() - ahead) < ms / 10);
	}
	gettimeofday(&tv, NULL);
	t_check(absolute(now(CLOCK_REALTIME) - tv.tv_sec * s - tv.tv_usec * 1000) < 1000 * ms);
	t_check(absolute(time(NULL) - tv.tv_sec) <= 1);
	t_check(sysinfo(&info) == 0 && absolute(info.uptime - now(CLOCK_BOOTTIME) / s) <= 1);
}

/* Early never, and late not much: of 20, or of more on a machine that does
 * other things, the best. */
static void sleeps(clockid_t c, int flags)
{
	int64_t best = 1000 * s, late, end;
	struct timespec t;
	int i;

	for (i = 0; i < 20 || (best > ms && i < 1000); i++) {
		end = now(c) + 3 * ms;
		t = timespec(flags ? end : 3 * ms);
		t_check(clock_nanosleep(c, flags, &t, NULL) == 0);
		late = now(c) - end;
		if (late < 0)
			t_error("clock %d, flags %d: %lld ns early\n", (int)c, flags,
				(long long)-late);
		if (late < best)
			best = late;
	}
	if (best > ms)
		t_error("clock %d, flags %d: %lld ns late\n", (int)c, flags, (long long)best);
	t = timespec(0);
	t_check(clock_nanosleep(c, flags, &t, NULL) == 0);
	t.tv_nsec = -1;
	t_check(clock_nanosleep(c, flags, &t, NULL) == EINVAL);
}

static void nothing(int sig) { (void)sig; }

static void interrupted_sleep(void)
{
	struct itimerval in = { .it_value = { 0, 20000 } };
	struct timespec t = { 10, 0 }, left = { 77, 0 };

	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &in, NULL);
	t_check(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &left) == EINTR);
	t_check(left.tv_sec == 9 && left.tv_nsec > 500 * ms);
	t = timespec(now(CLOCK_MONOTONIC) + 10 * s);
	left.tv_sec = 77;
	setitimer(ITIMER_REAL, &in, NULL);
	t_check(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, &left) == EINTR);
	t_check(left.tv_sec == 77);
}

static void cpu_time_sleep(void)
{
	struct timespec t = { 0, 20 * ms };
	clockid_t c;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			;
	t_check(clock_getcpuclockid(pid, &c) == 0);
	t_check(clock_nanosleep(c, 0, &t, NULL) == 0 && now(c) >= 20 * ms);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	t_check(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL) == EINVAL);
}

/* A sleep until a time of the realtime clock ends when that is set past it. */
static void set(void)
{
	int64_t real = now(CLOCK_REALTIME), mono = now(CLOCK_MONOTONIC);
	struct timespec t = timespec(real + 3600 * s), until = timespec(real + 1800 * s);
	struct stat st;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) ||
		      now(CLOCK_MONOTONIC) - mono > 100 * s);
	usleep(10000);
	t_check(clock_settime(CLOCK_REALTIME, &t) == 0);
	t_check(waitpid(pid, &status, 0) == pid && status == 0);
	t_check(absolute(now(CLOCK_REALTIME) - real - 3600 * s) < 20 * s);
	t_check(now(CLOCK_MONOTONIC) - mono < 20 * s);
	close(creat("/tmp/clocks", 0600));
	t_check(stat("/tmp/clocks", &st) == 0 && st.st_mtim.tv_sec >= t.tv_sec - 1);
	t = timespec(real + now(CLOCK_MONOTONIC) - mono);
	t_check(clock_settime(CLOCK_REALTIME, &t) == 0);
	t_check(absolute(now(CLOCK_REALTIME) - real) < 20 * s);
	t_check(clock_settime(CLOCK_MONOTONIC, &t) == -1 && errno == EINVAL);

	pid = fork();
	if (pid == 0)
		_exit(setuid(1) || clock_settime(CLOCK_REALTIME, &t) != -1 || errno != EPERM);
	t_check(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void)
{
	kinds();
	sleeps(CLOCK_REALTIME, 0);
	sleeps(CLOCK_REALTIME, TIMER_ABSTIME);
	sleeps(CLOCK_MONOTONIC, 0);
	sleeps(CLOCK_MONOTONIC, TIMER_ABSTIME);
	sleeps(CLOCK_BOOTTIME, TIMER_ABSTIME);
	interrupted_sleep();
	cpu_time_sleep();
	set();
	return t_status;
}
