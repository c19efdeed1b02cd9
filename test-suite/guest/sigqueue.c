/* SPDX-License-Identifier: MIT */
/* Queued signals: their order, their values, and what siginfo tells of each
 * kind of signal. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

enum { MAX = 200 };

static volatile int n;
static siginfo_t got[MAX];
static int token;

static void record(int sig, siginfo_t *si, void *context)
{
	t_check(sig == si->si_signo);
	if (n < MAX)
		got[n++] = *si;
	(void)context;
}

static void handle(int sig)
{
	struct sigaction a = { .sa_sigaction = record, .sa_flags = SA_SIGINFO };

	sigfillset(&a.sa_mask);
	t_check(sigaction(sig, &a, NULL) == 0);
}

static void queue(int sig, int value)
{
	t_check(sigqueue(getpid(), sig, (union sigval){ .sival_int = value }) == 0);
}

static void order(void)
{
	sigset_t all, old;
	int i;

	for (i = 0; i < 4; i++)
		handle(SIGRTMIN + i);
	handle(SIGUSR1);
	handle(SIGUSR2);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (i = 0; i < 20; i++)
		queue(SIGRTMIN + 3 - i % 4, i);
	queue(SIGUSR2, 100);
	queue(SIGUSR2, 101);
	queue(SIGUSR1, 102);
	n = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	/* the lowest number first; of one number the oldest first; of those
	 * that are not real-time ones only one */
	t_check(n == 22);
	t_check(got[0].si_signo == SIGUSR1 && got[0].si_value.sival_int == 102);
	t_check(got[1].si_signo == SIGUSR2 && got[1].si_value.sival_int == 100);
	for (i = 0; i < 20; i++) {
		t_check(got[i + 2].si_signo == SIGRTMIN + i / 5);
		t_check(got[i + 2].si_value.sival_int == 3 - i / 5 + i % 5 * 4);
		t_check(got[i + 2].si_code == SI_QUEUE);
		t_check(got[i + 2].si_pid == getpid() && got[i + 2].si_uid == getuid());
	}
}

static void kinds(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
		.sigev_value.sival_ptr = &token };
	struct itimerspec once = { .it_value = { 0, 1000000 } };
	timer_t timer;
	siginfo_t si = { 0 };

	n = 0;
	kill(getpid(), SIGUSR1);
	t_check(n == 1 && got[0].si_code == SI_USER && got[0].si_pid == getpid());
	syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	t_check(n == 2 && got[1].si_code == SI_TKILL && got[1].si_pid == getpid());
	pthread_kill(pthread_self(), SIGUSR2);
	t_check(n == 3 && got[2].si_code == SI_TKILL);

	t_check(timer_create(CLOCK_MONOTONIC, &e, &timer) == 0);
	t_check(timer_settime(timer, 0, &once, NULL) == 0);
	while (n < 4)
		;
	t_check(got[3].si_code == SI_TIMER && got[3].si_value.sival_ptr == &token);
	t_check(got[3].si_overrun == 0);
	timer_delete(timer);

	si.si_code = SI_QUEUE;
	si.si_signo = SIGRTMIN;
	si.si_value.sival_ptr = &si;
	t_check(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGRTMIN, &si) == 0);
	t_check(n == 5 && got[4].si_value.sival_ptr == &si);
}

static void of_children(void)
{
	int status;
	pid_t pid;

	handle(SIGCHLD);
	n = 0;
	pid = fork();
	if (pid == 0)
		_exit(33);
	while (n == 0)
		;
	t_check(got[0].si_code == CLD_EXITED && got[0].si_status == 33);
	t_check(got[0].si_pid == pid && got[0].si_uid == getuid());
	t_check(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 33);

	n = 0;
	pid = fork();
	if (pid == 0)
		for (;;)
			;
	kill(pid, SIGTERM);
	while (n == 0)
		;
	t_check(got[0].si_code == CLD_KILLED && got[0].si_status == SIGTERM);
	t_check(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGTERM);
	signal(SIGCHLD, SIG_DFL);
}

static void from_another_process(void)
{
	sigset_t set;
	siginfo_t si;
	pid_t pid, parent = getpid();
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < 100; i++)
			if (sigqueue(parent, SIGRTMIN, (union sigval){ .sival_int = i * i }))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 100; i++) {
		t_check(sigwaitinfo(&set, &si) == SIGRTMIN);
		t_check(si.si_value.sival_int == i * i && si.si_pid == pid);
	}
	t_check(waitpid(pid, &i, 0) == pid && i == 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void no_more_than_the_limit(void)
{
	struct rlimit old, few;
	sigset_t set;
	siginfo_t si;
	struct timespec zero = { 0 };
	int i, queued = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t_check(getrlimit(RLIMIT_SIGPENDING, &old) == 0);
	few = old;
	few.rlim_cur = 10;
	t_check(setrlimit(RLIMIT_SIGPENDING, &few) == 0);
	for (i = 0; i < 50; i++)
		queued += sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }) == 0;
	t_check(queued >= 5 && queued <= 10 && errno == EAGAIN);
	for (i = 0; i < queued; i++)
		t_check(sigtimedwait(&set, &si, &zero) == SIGRTMIN && si.si_value.sival_int == i);
	t_check(sigtimedwait(&set, &si, &zero) == -1 && errno == EAGAIN);
	setrlimit(RLIMIT_SIGPENDING, &old);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* --- to a thread, or to whoever may have it --- */

static volatile pid_t taker;
static void takes(int sig) { taker = gettid(); (void)sig; }
static volatile pid_t tid;
static volatile int done;

static void *idles(void *arg)
{
	tid = gettid();
	while (!done)
		;
	return arg;
}

static void threads(void)
{
	sigset_t set, old;
	pthread_t t;

	signal(SIGUSR1, takes);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	t_check(pthread_create(&t, NULL, idles, NULL) == 0);
	while (!tid)
		;
	t_check(pthread_kill(t, SIGUSR1) == 0);
	while (!taker)
		;
	t_check(taker == tid);
	taker = 0;
	pthread_sigmask(SIG_BLOCK, &set, &old);
	kill(getpid(), SIGUSR1);
	while (!taker)
		;
	t_check(taker == tid);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	done = 1;
	pthread_join(t, NULL);
}

int main(void)
{
	order();
	kinds();
	of_children();
	from_another_process();
	no_more_than_the_limit();
	threads();
	return t_status;
}
