/* SPDX-License-Identifier: MIT */
/* Signals: handlers, masks, queues, stacks, interrupted system calls, faults. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static volatile sig_atomic_t last, calls, nested, value;
static void *volatile address;
static char *volatile where;

static void record(int sig, siginfo_t *info, void *context)
{
	volatile char on_stack;

	last = sig;
	calls++;
	value = info->si_value.sival_int;
	address = info->si_addr;
	where = (char *)&on_stack;
	(void)context;
}

static void handle(int sig, int flags)
{
	struct sigaction a = { .sa_sigaction = record, .sa_flags = SA_SIGINFO | flags };

	t_check(sigaction(sig, &a, NULL) == 0);
	last = calls = 0;
}

static void plain(int sig) { last = sig; }

static void both_kinds_of_handler(void)
{
	struct sigaction old;

	handle(SIGUSR1, 0);
	t_check(raise(SIGUSR1) == 0 && last == SIGUSR1 && calls == 1);
	t_check(kill(getpid(), SIGUSR1) == 0 && calls == 2);
	t_check(signal(SIGUSR1, plain) != SIG_ERR);
	t_check(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == plain);
	last = 0;
	t_check(raise(SIGUSR1) == 0 && last == SIGUSR1);
	t_check(signal(SIGUSR1, SIG_IGN) == plain && raise(SIGUSR1) == 0);
	t_check(signal(SIGKILL, plain) == SIG_ERR && errno == EINVAL);
	handle(SIGUSR1, SA_RESETHAND);
	raise(SIGUSR1);
	t_check(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
}

static void blocked_ones_wait(void)
{
	union sigval v = { .sival_int = 1 };
	sigset_t set, old, pending;
	siginfo_t info;
	struct timespec zero = { 0, 0 };

	handle(SIGUSR1, 0);
	handle(SIGRTMIN, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	t_check(sigprocmask(SIG_BLOCK, &set, &old) == 0 && !sigismember(&old, SIGUSR1));
	raise(SIGUSR1);
	raise(SIGUSR1);
	for (; v.sival_int <= 3; v.sival_int++)
		t_check(sigqueue(getpid(), SIGRTMIN, v) == 0);
	t_check(calls == 0 && sigpending(&pending) == 0);
	t_check(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGRTMIN));
	t_check(sigtimedwait(&set, &info, &zero) == SIGUSR1 && info.si_pid == getpid());
	t_check(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 1);
	t_check(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
	t_check(calls == 2 && last == SIGRTMIN && value == 3);
	t_check(sigtimedwait(&set, &info, &zero) == -1 && errno == EAGAIN);
}

static void nests(int sig)
{
	int before = nested++;

	if (before == 0) {
		raise(SIGUSR2);
		t_check(nested == 2);
		raise(sig);	/* blocked while it is handled */
		t_check(nested == 2);
	}
}

static void handlers_nest(void)
{
	signal(SIGUSR1, nests);
	signal(SIGUSR2, nests);
	raise(SIGUSR1);
	t_check(nested == 3);
}

static void timer_in(int ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	t_check(setitimer(ITIMER_REAL, &t, NULL) == 0);
}

static void system_calls_are_interrupted(void)
{
	struct timespec t = { 5, 0 }, left = { 0, 0 };
	sigset_t none;
	int fd[2];
	char c;

	t_check(pipe(fd) == 0);
	handle(SIGALRM, 0);
	timer_in(10);
	t_check(read(fd[0], &c, 1) == -1 && errno == EINTR && calls == 1);
	timer_in(10);
	t_check(nanosleep(&t, &left) == -1 && errno == EINTR);
	t_check(left.tv_sec == 4 && left.tv_nsec > 0);
	timer_in(10);
	t_check(pause() == -1 && errno == EINTR && calls == 3);
	sigemptyset(&none);
	timer_in(10);
	t_check(sigsuspend(&none) == -1 && errno == EINTR && calls == 4);
}

static int restart_pipe[2];

static void writes(int sig)
{
	calls = sig;
	t_check(write(restart_pipe[1], "x", 1) == 1);
}

static void or_restarted(void)
{
	struct sigaction a = { .sa_handler = writes, .sa_flags = SA_RESTART };
	char c = 0;

	t_check(pipe(restart_pipe) == 0);
	t_check(sigaction(SIGALRM, &a, NULL) == 0);
	calls = 0;
	timer_in(10);
	t_check(read(restart_pipe[0], &c, 1) == 1 && c == 'x' && calls == SIGALRM);
}

static void loops_are_interrupted(void)
{
	handle(SIGALRM, 0);
	timer_in(10);
	while (!calls)
		;
	t_check(last == SIGALRM);
}

static void alternate_stack(void)
{
	static char memory[65536] __attribute__((aligned(16)));
	stack_t s = { .ss_sp = memory, .ss_size = sizeof memory }, now;

	t_check(sigaltstack(&s, NULL) == 0);
	handle(SIGUSR1, SA_ONSTACK);
	raise(SIGUSR1);
	t_check(where >= memory && where < memory + sizeof memory);
	handle(SIGUSR1, 0);
	raise(SIGUSR1);
	t_check(where < memory || where >= memory + sizeof memory);
	t_check(sigaltstack(NULL, &now) == 0 && now.ss_sp == memory && now.ss_flags == 0);
	s.ss_flags = SS_DISABLE;
	t_check(sigaltstack(&s, NULL) == 0);
}

static sigjmp_buf env;
static jmp_buf plain_env;

static void jumps(int sig) { siglongjmp(env, sig); }
static void jumps_plain(int sig) { longjmp(plain_env, sig); }

static void handlers_may_jump(void)
{
	volatile int i;
	sigset_t before, now;

	signal(SIGUSR1, jumps);
	for (i = 0; i < 100; i++)
		if (sigsetjmp(env, 1) == 0) {
			raise(SIGUSR1);
			t_error("raise() returned\n");
		}
	t_check(sigprocmask(SIG_BLOCK, NULL, &before) == 0 && !sigismember(&before, SIGUSR1));

	/* out of a loop */
	signal(SIGALRM, jumps);
	for (i = 0; i < 3; i++)
		if (sigsetjmp(env, 1) == 0) {
			timer_in(3);
			for (;;)
				;
		}
	/* without the mask */
	signal(SIGUSR1, jumps_plain);
	if (setjmp(plain_env) == 0)
		raise(SIGUSR1);
	t_check(sigprocmask(SIG_SETMASK, &before, &now) == 0 && sigismember(&now, SIGUSR1));
}

static void faults(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *p = map;
	volatile char *volatile null = NULL;
	volatile int i;

	t_check(mprotect(map + page, page, PROT_NONE) == 0);
	for (i = 0; i < 3; i++) {
		handle(SIGSEGV, 0);
		signal(SIGSEGV, jumps);
		if (sigsetjmp(env, 1) == 0) {
			p[page + 5 * i] = 1;
			t_error("wrote where nothing may\n");
		}
		if (sigsetjmp(env, 1) == 0) {
			*null = 1;
			t_error("wrote at NULL\n");
		}
	}
	t_check(mprotect(map, page, PROT_READ) == 0 && p[0] == 0);
	if (sigsetjmp(env, 1) == 0) {
		p[0] = 1;
		t_error("wrote what is only to be read\n");
	}
	signal(SIGSEGV, SIG_DFL);
	munmap(map, 2 * page);
}

/* Makes the page accessible and returns: the access is made again. */
static void makes_accessible(int sig, siginfo_t *info, void *context)
{
	long page = sysconf(_SC_PAGESIZE);

	calls++;
	address = info->si_addr;
	t_check(sig == SIGSEGV && info->si_code == SEGV_ACCERR);
	mprotect((void *)((uintptr_t)info->si_addr / page * page), page, PROT_READ | PROT_WRITE);
	(void)context;
}

static void faults_can_be_mended(void)
{
	struct sigaction a = { .sa_sigaction = makes_accessible, .sa_flags = SA_SIGINFO };
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	t_check(sigaction(SIGSEGV, &a, NULL) == 0);
	calls = 0;
	*(volatile char *)(p + 100) = 5;
	t_check(calls == 1 && address == p + 100 && p[100] == 5);
	signal(SIGSEGV, SIG_DFL);
	munmap(p, page);
}

static void *other_thread(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	t_check(calls == 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	t_check(calls == 1);
	return arg;
}

static void threads_have_their_own_masks(void)
{
	pthread_t t;

	handle(SIGUSR1, 0);
	t_check(pthread_create(&t, NULL, other_thread, NULL) == 0);
	t_check(pthread_join(t, NULL) == 0 && calls == 1);
	t_check(pthread_kill(pthread_self(), SIGUSR1) == 0 && calls == 2);
}

int main(void)
{
	both_kinds_of_handler();
	blocked_ones_wait();
	handlers_nest();
	system_calls_are_interrupted();
	or_restarted();
	loops_are_interrupted();
	alternate_stack();
	handlers_may_jump();
	faults();
	faults_can_be_mended();
	threads_have_their_own_masks();
	return t_status;
}
