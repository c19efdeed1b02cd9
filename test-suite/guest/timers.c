/* SPDX-License-Identifier: MIT */
/* Clocks go on, sleeps last, timers fire; busy threads share the processor. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static const int64_t ms = 1000000;

static int64_t now(clockid_t c)
{
	struct timespec t;

	t_check(clock_gettime(c, &t) == 0 && t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void spin(int64_t ns)
{
	int64_t start = now(CLOCK_MONOTONIC);

	while (now(CLOCK_MONOTONIC) - start < ns)
		;
}

static void clocks_go_on(void)
{
	int64_t a = now(CLOCK_MONOTONIC), b, cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	struct timespec t;
	int i;

	for (i = 0; i < 10000; i++) {
		b = now(CLOCK_MONOTONIC);
		if (b < a)
			t_error("%lld after %lld\n", (long long)b, (long long)a);
		a = b;
	}
	/* 2024 to 2100 */
	t_check(time(NULL) > 1704067200 && time(NULL) < 4102444800);
	t_check(clock_getres(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0);
	t_check(clock_gettime(999, &t) == -1 && errno == EINVAL);
	spin(60 * ms);
	if (now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 20 * ms)
		t_error("60 ms at work took %lld ns of the CPU\n",
			(long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu));
}

static void sleeps_last(void)
{
	struct timespec t = { 0, 25 * ms };
	int64_t start = now(CLOCK_MONOTONIC), took, cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	t_check(nanosleep(&t, NULL) == 0);
	took = now(CLOCK_MONOTONIC) - start;
	t_check(took >= 25 * ms && took < 5000 * ms);
	t_check(now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 25 * ms);
	start = now(CLOCK_REALTIME);
	t.tv_sec = (start + 20 * ms) / 1000000000;
	t.tv_nsec = (start + 20 * ms) % 1000000000;
	t_check(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == 0);
	t_check(now(CLOCK_REALTIME) >= start + 20 * ms);
	t.tv_nsec = 1000000000;
	t_check(nanosleep(&t, NULL) == -1 && errno == EINVAL);
}

static volatile sig_atomic_t fired;

static void fires(int sig) { fired += sig > 0; }

static void posix_timers(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec t = { { 0, 5 * ms }, { 0, 5 * ms } };
	timer_t id;

	signal(SIGUSR1, fires);
	t_check(timer_create(CLOCK_MONOTONIC, &e, &id) == 0);
	t_check(timer_settime(id, 0, &t, NULL) == 0);
	while (fired < 3)
		;
	while (fired < 5)
		pause();
	t_check(timer_delete(id) == 0);
	fired = 0;
	spin(15 * ms);
	t_check(fired == 0);
}

static void interval_timers(void)
{
	struct itimerval t = { { 0, 5000 }, { 0, 5000 } };

	signal(SIGVTALRM, fires);
	fired = 0;
	t_check(setitimer(ITIMER_VIRTUAL, &t, NULL) == 0);
	while (fired < 2)
		;
	t.it_value.tv_usec = 0;
	t_check(setitimer(ITIMER_VIRTUAL, &t, NULL) == 0);
	alarm(100);
	t_check(alarm(0) == 100);
}

static atomic_int stop;
static atomic_long turns[3];

static void *works(void *arg)
{
	while (!stop)
		turns[(intptr_t)arg]++;
	return NULL;
}

/* None of them makes a system call. */
static void busy_threads_share(void)
{
	pthread_t t[3];
	intptr_t i;

	for (i = 0; i < 3; i++)
		t_check(pthread_create(&t[i], NULL, works, (void *)i) == 0);
	usleep(300000);
	stop = 1;
	for (i = 0; i < 3; i++) {
		pthread_join(t[i], NULL);
		if (turns[i] < 1000)
			t_error("thread %d had %ld turns\n", (int)i, (long)turns[i]);
	}
}

int main(void)
{
	clocks_go_on();
	sleeps_last();
	posix_timers();
	interval_timers();
	busy_threads_share();
	return t_status;
}
