/* SPDX-License-Identifier: MIT */
/* Handlers: their masks, flags, stacks and arguments; left by a jump. */
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
#include <ucontext.h>
#include <unistd.h>
#include "test.h"

static volatile int depth, deepest, calls;
static volatile unsigned char *volatile where;

static void set(int sig, void (*f)(int), int flags, int masked)
{
	struct sigaction a = { .sa_handler = f, .sa_flags = flags };

	sigemptyset(&a.sa_mask);
	if (masked)
		sigaddset(&a.sa_mask, masked);
	t_check(sigaction(sig, &a, NULL) == 0);
	depth = deepest = calls = 0;
}

static void recurses(int sig)
{
	calls++;
	if (++depth > deepest)
		deepest = depth;
	if (calls < 10)
		raise(sig);
	depth--;
}

static void nodefer(void)
{
	set(SIGUSR1, recurses, SA_NODEFER, 0);
	raise(SIGUSR1);
	t_check(deepest == 10 && calls == 10);
	set(SIGUSR1, recurses, 0, 0);
	raise(SIGUSR1);
	t_check(deepest == 1 && calls == 10);
}

static void raises_usr2(int sig)
{
	calls++;
	raise(SIGUSR2);
	t_check(calls == 1);
	(void)sig;
}

static void adds_ten(int sig) { calls += 10; (void)sig; }

static void masks(void)
{
	sigset_t now;

	set(SIGUSR2, adds_ten, 0, 0);
	set(SIGUSR1, raises_usr2, 0, SIGUSR2);
	raise(SIGUSR1);
	t_check(calls == 11);
	sigprocmask(SIG_BLOCK, NULL, &now);
	t_check(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
}

static void resethand(void)
{
	struct sigaction now;
	int status;
	pid_t pid;

	set(SIGUSR1, adds_ten, SA_RESETHAND, 0);
	raise(SIGUSR1);
	t_check(calls == 10 && !sigaction(SIGUSR1, NULL, &now) && now.sa_handler == SIG_DFL);
	pid = fork();
	if (pid == 0) {
		raise(SIGUSR1);
		_exit(0);
	}
	t_check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	t_check(WTERMSIG(status) == SIGUSR1);
}

/* sigaltstack() said that no handler was on the stack: it looked for the stack
 * pointer where the program had started with it. */

static unsigned char memory[65536];
static stack_t in_handler;

static void looks(int sig)
{
	volatile unsigned char c;

	where = &c;
	sigaltstack(NULL, &in_handler);
	calls++;
	if (calls < 3)
		raise(SIGUSR2);
	(void)sig;
}

static int inside(volatile unsigned char *p)
{
	return p >= memory && p < memory + sizeof memory;
}

static void *with_no_alt_stack(void *arg)
{
	calls = 0;
	raise(SIGUSR1);
	t_check(!inside(where));
	return arg;
}

static void stacks(void)
{
	stack_t s = { .ss_sp = memory, .ss_size = sizeof memory };
	pthread_t t;

	t_check(sigaltstack(&s, NULL) == 0);
	set(SIGUSR2, looks, SA_ONSTACK, 0);
	set(SIGUSR1, looks, SA_ONSTACK, 0);
	raise(SIGUSR1);
	t_check(calls == 3 && inside(where) && in_handler.ss_flags == SS_ONSTACK);
	t_check(!sigaltstack(NULL, &s) && s.ss_flags == 0);
	/* one per thread */
	t_check(!pthread_create(&t, NULL, with_no_alt_stack, NULL) && !pthread_join(t, NULL));

	s.ss_flags = SS_AUTODISARM;
	t_check(sigaltstack(&s, NULL) == 0);
	calls = 2;
	raise(SIGUSR1);
	t_check(inside(where) && in_handler.ss_flags & SS_DISABLE);
	t_check(!sigaltstack(NULL, &s) && s.ss_sp == memory);
	s.ss_size = 100;
	s.ss_flags = 0;
	t_check(sigaltstack(&s, NULL) == -1 && errno == ENOMEM);
	s.ss_flags = SS_DISABLE;
	t_check(sigaltstack(&s, NULL) == 0);
}

/* --- left by a jump, from deep inside, many times --- */

static sigjmp_buf env;

static void jumps(int sig)
{
	if (++depth % 3) {
		sigset_t one;

		/* out of several at once */
		sigemptyset(&one);
		sigaddset(&one, sig);
		sigprocmask(SIG_UNBLOCK, &one, NULL);
		raise(sig);
	}
	siglongjmp(env, sig);
}

static void jumps_out(void)
{
	struct itimerval t = { .it_value = { 0, 100 } };
	volatile int i;
	sigset_t now;

	set(SIGUSR1, jumps, 0, SIGUSR2);
	for (i = 0; i < 20000; i++)
		if (sigsetjmp(env, 1) == 0) {
			raise(SIGUSR1);
			t_error("raise() returned\n");
		}
	set(SIGALRM, jumps, 0, SIGUSR2);
	for (i = 0; i < 2000; i++)
		if (sigsetjmp(env, 1) == 0) {
			setitimer(ITIMER_REAL, &t, NULL);
			for (;;)
				;
		}
	sigprocmask(SIG_BLOCK, NULL, &now);
	t_check(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
	t_check(!sigismember(&now, SIGALRM));
}

/* --- arguments --- */

static void three(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	t_check(sig == SIGUSR1 && si->si_signo == sig && si->si_pid == getpid());
	t_check(sigismember(&uc->uc_sigmask, SIGHUP) && !sigismember(&uc->uc_sigmask, SIGUSR1));
	/* the mask that it will return to */
	sigaddset(&uc->uc_sigmask, SIGINT);
	calls++;
}

static void arguments(void)
{
	struct sigaction a = { .sa_sigaction = three, .sa_flags = SA_SIGINFO }, old;
	sigset_t hup, now;

	calls = 0;
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hup, NULL);
	t_check(!sigaction(SIGUSR1, &a, NULL));
	raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	t_check(calls == 1 && sigismember(&now, SIGINT));
	sigaddset(&hup, SIGINT);
	sigprocmask(SIG_UNBLOCK, &hup, NULL);

	set(SIGUSR1, adds_ten, 0, 0);
	t_check(!sigaction(SIGUSR1, NULL, &old) && !(old.sa_flags & SA_SIGINFO));
	raise(SIGUSR1);
	t_check(calls == 10);
}

/* --- a timer's signal at any instruction of a handler --- */

static volatile int inner;

static void counts_inner(int sig) { inner++; (void)sig; }

static void during_handlers(void)
{
	struct itimerval t = { { 0, 50 }, { 0, 50 } }, off = { 0 };
	volatile int i;

	set(SIGALRM, counts_inner, 0, 0);
	set(SIGUSR1, adds_ten, 0, 0);
	setitimer(ITIMER_REAL, &t, NULL);
	for (i = 0; inner < 2000; i++)
		raise(SIGUSR1);
	setitimer(ITIMER_REAL, &off, NULL);
	t_check(calls == 10 * i);
}

/* --- default actions --- */

static void default_action(int sig, int dies)
{
	int status, fd[2];
	pid_t pid;

	t_check(!pipe(fd));
	pid = fork();
	if (pid == 0) {
		signal(sig, SIG_DFL);
		write(fd[1], "x", 1);
		for (;;)
			if (sig % 2)
				pause();
	}
	t_check(read(fd[0], &status, 1) == 1);
	close(fd[0]);
	close(fd[1]);
	kill(pid, sig);
	if (!dies) {
		usleep(2000);
		t_check(waitpid(pid, &status, WNOHANG) == 0);
		kill(pid, SIGKILL);
		t_check(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
		return;
	}
	t_check(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
		t_error("signal %d: status %x\n", sig, status);
}

static void default_actions(void)
{
	int sig;

	for (sig = 1; sig <= 64; sig++) {
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
			continue;
		if (sig >= 32 && sig < SIGRTMIN)
			continue;
		default_action(sig, sig != SIGCHLD && sig != SIGCONT && sig != SIGURG &&
			       sig != SIGWINCH);
	}
}

int main(void)
{
	nodefer();
	masks();
	resethand();
	stacks();
	jumps_out();
	arguments();
	during_handlers();
	default_actions();
	return t_status;
}
