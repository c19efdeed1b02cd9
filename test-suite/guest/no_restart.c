/* SPDX-License-Identifier: MIT */
/* uc_mcontext of a handler: what it interrupted, and its wish for the next
 * system call, see doc/abi.md. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "test.h"

static volatile int count, in_syscall, wish;

static void handler(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	in_syscall = uc->uc_mcontext.__in_syscall;
	uc->uc_mcontext.__no_restart = wish;
	/* all of it is the handler's */
	memset((char *)&uc->uc_sigmask + 8, -1, sizeof(uc->uc_sigmask) - 8);
	count++;
}

static void alarm_in_loop(void)
{
	struct itimerval once = { .it_value = { 0, 20000 } };

	count = 0;
	t_check(!setitimer(ITIMER_REAL, &once, NULL));
	while (!count)
		;
	t_check(!in_syscall);
}

static void alarm_later(void)
{
	struct itimerval once = { .it_value = { 0, 20000 } };

	count = 0;
	t_check(!setitimer(ITIMER_REAL, &once, NULL));
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	int p[2];
	char c;

	t_check(!pipe(p));
	t_check(!sigaction(SIGALRM, &sa, NULL));

	/* the call that it interrupted, in spite of SA_RESTART */
	wish = 1;
	alarm_later();
	t_check(read(p[0], &c, 1) == -1 && errno == EINTR);
	t_check(count == 1 && in_syscall);

	/* the next one, if it would sleep */
	alarm_in_loop();
	t_check(read(p[0], &c, 1) == -1 && errno == EINTR);

	alarm_in_loop();
	t_check(write(p[1], "x", 1) == 1);
	t_check(read(p[0], &c, 1) == 1 && c == 'x');

	/* and no other */
	alarm_in_loop();
	t_check(getppid() >= 0);
	wish = 0;
	sa.sa_flags = SA_SIGINFO;
	t_check(!sigaction(SIGALRM, &sa, NULL));
	alarm_later();
	t_check(read(p[0], &c, 1) == -1 && errno == EINTR && count == 1);
	return t_status;
}
