/* SPDX-License-Identifier: MIT */
/* Handlers: their arguments, stack, mask, and what they interrupt. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "test.h"

static volatile int count, pending_seen;
static volatile siginfo_t info;
static char *volatile handler_frame;
static char altstack[65536];

static void one(int sig)
{
	char here;

	handler_frame = &here;
	count += sig == SIGUSR1;
}

static void three(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	char here;

	handler_frame = &here;
	memcpy((void *)&info, si, sizeof(info));
	count++;
	t_check(sigismember(&uc->uc_sigmask, SIGHUP) == 1);
	t_check(sigismember(&uc->uc_sigmask, SIGUSR2) == 0);
	/* this mask is the one that the program goes on with */
	sigdelset(&uc->uc_sigmask, SIGHUP);
}

static void install(int sig, void (*f)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = f, .sa_flags = flags | SA_SIGINFO };

	t_check(!sigaction(sig, &sa, NULL));
}

static void arguments(void)
{
	union sigval v = { .sival_int = 1234 };
	sigset_t set;

	signal(SIGUSR1, one);
	count = 0;
	raise(SIGUSR1);
	raise(SIGUSR1);
	t_check(count == 2);

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	install(SIGUSR2, three, 0);
	t_check(!sigqueue(getpid(), SIGUSR2, v));
	t_check(count == 3);
	t_check(info.si_signo == SIGUSR2 && info.si_code == SI_QUEUE);
	t_check(info.si_pid == getpid() && info.si_value.sival_int == 1234);
	sigprocmask(SIG_SETMASK, NULL, &set);
	t_check(!sigismember(&set, SIGHUP));
}

static void on_altstack(void)
{
	stack_t st = { .ss_sp = altstack, .ss_size = sizeof(altstack) }, old;
	struct sigaction sa = { .sa_handler = one, .sa_flags = SA_ONSTACK };

	t_check(!sigaltstack(&st, NULL));
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	t_check(handler_frame > altstack && handler_frame < altstack + sizeof(altstack));
	t_check(!sigaltstack(NULL, &old) && !(old.ss_flags & SS_ONSTACK));
	st.ss_flags = SS_DISABLE;
	t_check(!sigaltstack(&st, NULL));
	raise(SIGUSR1);
	t_check(handler_frame < altstack || handler_frame >= altstack + sizeof(altstack));
}

static void nested(int sig, siginfo_t *si, void *ctx)
{
	sigset_t set;

	if (sig == SIGUSR1) {
		raise(SIGUSR2);		/* at once */
		t_check(count == 1);
		raise(SIGUSR1);		/* blocked, until we return */
		t_check(count == 1);
		sigpending(&set);
		pending_seen = sigismember(&set, SIGUSR1);
		install(SIGUSR1, nested, 0);
		signal(SIGUSR1, one);
	} else {
		count++;
	}
}

static void nesting(void)
{
	count = 0;
	install(SIGUSR1, nested, 0);
	install(SIGUSR2, nested, 0);
	raise(SIGUSR1);
	t_check(pending_seen == 1);
	t_check(count == 2);
}

/* A timer interrupts a computation; locals and stack must not notice. */
static unsigned mix(unsigned x, int n)
{
	volatile unsigned buf[32];

	for (int i = 0; i < 32; i++)
		buf[i] = x + i;
	if (n)
		x = mix(x * 1664525 + 1013904223, n - 1);
	for (int i = 0; i < 32; i++)
		x ^= buf[i] << (i & 7);
	return x;
}

static void tick(int sig)
{
	volatile char noise[512];

	memset((void *)noise, 0x5a, sizeof(noise));
	count++;
}

static void interrupts(void)
{
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, off = { 0 };
	unsigned expect = mix(1, 100);

	signal(SIGALRM, tick);
	count = 0;
	t_check(!setitimer(ITIMER_REAL, &every, NULL));
	while (count < 200)
		if (mix(1, 100) != expect) {
			t_error("a signal changed a computation\n");
			break;
		}
	setitimer(ITIMER_REAL, &off, NULL);
}

static void restart(void)
{
	struct itimerval once = { .it_value = { 0, 20000 } };
	struct sigaction sa = { .sa_handler = tick };
	int p[2];
	char c;

	t_check(!pipe(p));
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &once, NULL);
	t_check(read(p[0], &c, 1) == -1 && errno == EINTR);

	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	count = 0;
	setitimer(ITIMER_REAL, &once, NULL);
	/* the second alarm writes what read waits for */
	while (!count)
		;
	t_check(write(p[1], "x", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'x');
}

int main(void)
{
	arguments();
	on_altstack();
	nesting();
	interrupts();
	restart();
	return t_status;
}
