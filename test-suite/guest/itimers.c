/* SPDX-License-Identifier: MIT */
/* Interval timers of each kind, of processes and of POSIX; overruns. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static const int64_t ms = 1000000;

static int64_t now(clockid_t c)
{
	struct timespec t;

	clock_gettime(c, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static volatile int fired;
static void fires(int sig) { fired++; (void)sig; }

static void each(int which, int sig, clockid_t clock)
{
	struct itimerval t = { { 0, 20000 }, { 0, 50000 } }, left, off = { 0 };
	int64_t start, took;

	fired = 0;
	signal(sig, fires);
	t_check(getitimer(which, &left) == 0 && left.it_value.tv_usec == 0);
	start = now(clock);
	t_check(setitimer(which, &t, NULL) == 0);
	t_check(getitimer(which, &left) == 0);
	/* rounded up to ticks */
	t_check(left.it_value.tv_usec > 0 && left.it_value.tv_usec <= 60000);
	t_check(left.it_interval.tv_usec == 20000);
	while (fired == 0)
		;
	took = now(clock) - start;
	if (took < 49 * ms)
		t_error("timer %d fired after %lld ns of its clock\n", which, (long long)took);
	/* what is counted are ticks, of which a busy host leaves few */
	if (clock != CLOCK_MONOTONIC && took > 10000 * ms)
		t_error("timer %d fired after %lld ns of its clock\n", which, (long long)took);
	while (fired < 4)
		;
	took = now(clock) - start;
	if (took < 109 * ms)
		t_error("timer %d: 4 times in %lld ns\n", which, (long long)took);
	t_check(setitimer(which, &off, &left) == 0 && left.it_interval.tv_usec == 20000);
	t_check(setitimer(which, &(struct itimerval){ .it_value = { 0, 1000000 } }, NULL) == -1 &&
		errno == EINVAL);
}

/* Time that the process sleeps is not its own. */
static void virtual_time_stands_still(void)
{
	struct itimerval t = { .it_value = { 0, 30000 } };

	fired = 0;
	signal(SIGPROF, fires);
	t_check(setitimer(ITIMER_PROF, &t, NULL) == 0);
	usleep(80000);
	t_check(fired == 0);
	while (!fired)
		;
}

static void alarms(void)
{
	int64_t start = now(CLOCK_MONOTONIC);

	fired = 0;
	signal(SIGALRM, fires);
	t_check(alarm(1) == 0);
	pause();
	t_check(fired == 1 && now(CLOCK_MONOTONIC) - start >= 1000 * ms);
	t_check(ualarm(5000, 0) == 0);
	pause();
	t_check(fired == 2);
}

static void a_child_has_none(void)
{
	struct itimerval t = { .it_value = { 100, 0 } }, left;
	int status;
	pid_t pid;

	setitimer(ITIMER_REAL, &t, NULL);
	pid = fork();
	if (pid == 0)
		_exit(getitimer(ITIMER_REAL, &left) || left.it_value.tv_sec);
	t_check(waitpid(pid, &status, 0) == pid && status == 0);
	t_check(alarm(0) == 100);
}

static void overruns(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec t = { { 0, ms }, { 0, ms } }, left;
	sigset_t set;
	siginfo_t si;
	timer_t id;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t_check(timer_create(CLOCK_MONOTONIC, &e, &id) == 0);
	t_check(timer_settime(id, 0, &t, NULL) == 0);
	usleep(50000);
	t_check(sigwaitinfo(&set, &si) == SIGRTMIN && si.si_code == SI_TIMER);
	if (si.si_overrun < 40 || si.si_overrun != timer_getoverrun(id))
		t_error("%d overruns, or %d\n", si.si_overrun, timer_getoverrun(id));
	t_check(timer_gettime(id, &left) == 0 && left.it_interval.tv_nsec == ms);
	t_check(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= ms);
	t_check(timer_delete(id) == 0 && timer_gettime(id, &left) == -1 && errno == EINVAL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* timer_create: crashed in __reset_tls(), which looked for a dtv. */
static sem_t sem;
static volatile pthread_t notified;
static __thread int afresh = 5;

static void notify(union sigval v)
{
	t_check(v.sival_int == 77 && afresh++ == 5);
	notified = pthread_self();
	sem_post(&sem);
}

static void in_a_thread(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = notify,
		.sigev_value.sival_int = 77 };
	struct itimerspec t = { { 0, 2 * ms }, { 0, 2 * ms } };
	timer_t id;
	int i;

	sem_init(&sem, 0, 0);
	t_check(timer_create(CLOCK_MONOTONIC, &e, &id) == 0);
	t_check(timer_settime(id, 0, &t, NULL) == 0);
	for (i = 0; i < 5; i++)
		while (sem_wait(&sem))
			;
	t_check(!pthread_equal(notified, pthread_self()));
	t_check(timer_delete(id) == 0);
}

static void of_other_clocks(clockid_t clock, int busy)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec t = { .it_value = { 0, 20 * ms } };
	int64_t start = now(clock);
	timer_t id;

	fired = 0;
	signal(SIGUSR1, fires);
	t_check(timer_create(clock, &e, &id) == 0);
	t_check(timer_settime(id, 0, &t, NULL) == 0);
	while (!fired)
		if (!busy)
			pause();
	t_check(now(clock) - start >= 20 * ms);
	/* absolute, and past */
	fired = 0;
	t.it_value.tv_sec = 0;
	t.it_value.tv_nsec = 1;
	t_check(timer_settime(id, TIMER_ABSTIME, &t, NULL) == 0);
	while (!fired)
		;
	timer_delete(id);
}

static void none(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_NONE };
	struct itimerspec t = { .it_value = { 100, 0 } }, left;
	timer_t id;

	t_check(timer_create(CLOCK_REALTIME, &e, &id) == 0);
	t_check(timer_settime(id, 0, &t, NULL) == 0);
	t_check(timer_gettime(id, &left) == 0 && left.it_value.tv_sec == 99);
	timer_delete(id);
}

/* Many timers, each with its own times. */
static volatile int count[20];

static void counts(int sig, siginfo_t *si, void *context)
{
	count[si->si_value.sival_int] += 1 + si->si_overrun;
	(void)sig;
	(void)context;
}

static void many(void)
{
	struct sigaction a = { .sa_sigaction = counts, .sa_flags = SA_SIGINFO };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };
	struct itimerspec t = { 0 };
	int64_t start, took;
	timer_t id[20];
	int i;

	sigaction(SIGRTMIN + 1, &a, NULL);
	start = now(CLOCK_MONOTONIC);
	for (i = 0; i < 20; i++) {
		e.sigev_value.sival_int = i;
		t.it_value.tv_nsec = t.it_interval.tv_nsec = (i + 1) * ms;
		t_check(timer_create(CLOCK_MONOTONIC, &e, &id[i]) == 0);
		t_check(timer_settime(id[i], 0, &t, NULL) == 0);
	}
	while (now(CLOCK_MONOTONIC) - start < 200 * ms)
		;
	for (i = 0; i < 20; i++)
		timer_delete(id[i]);
	took = now(CLOCK_MONOTONIC) - start;
	for (i = 0; i < 20; i++)
		if (count[i] < 200 / (i + 1) - 3 || count[i] > took / ms / (i + 1))
			t_error("%d ms: %d times in %lld ms\n", i + 1, count[i],
				(long long)(took / ms));
}

int main(void)
{
	each(ITIMER_REAL, SIGALRM, CLOCK_MONOTONIC);
	each(ITIMER_VIRTUAL, SIGVTALRM, CLOCK_PROCESS_CPUTIME_ID);
	each(ITIMER_PROF, SIGPROF, CLOCK_PROCESS_CPUTIME_ID);
	virtual_time_stands_still();
	alarms();
	a_child_has_none();
	overruns();
	in_a_thread();
	of_other_clocks(CLOCK_REALTIME, 0);
	of_other_clocks(CLOCK_MONOTONIC, 0);
	of_other_clocks(CLOCK_BOOTTIME, 0);
	of_other_clocks(CLOCK_PROCESS_CPUTIME_ID, 1);
	of_other_clocks(CLOCK_THREAD_CPUTIME_ID, 1);
	none();
	many();
	return t_status;
}
