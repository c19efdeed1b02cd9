/* SPDX-License-Identifier: MIT */
/* A program can catch the end of its stack on another one, and go on, often. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "test.h"

static sigjmp_buf back;
static volatile int caught;

static void on_segv(int sig, siginfo_t *si, void *context)
{
	(void)context;
	caught = sig == SIGSEGV && (si->si_code == SEGV_MAPERR || si->si_code == SEGV_ACCERR);
	siglongjmp(back, 1);
}

/* frames in memory */
static int big(int n, volatile char *from)
{
	volatile char buf[3000];

	buf[n % 3000] = from ? from[0] : 1;
	return big(n + 1, buf) + buf[0];
}

/* none there: this fills the native stack */
static unsigned small(unsigned n);
static unsigned (*volatile again)(unsigned) = small;

static unsigned small(unsigned n)
{
	return again(n + 1) * 3 + n;
}

static void overflow(int how)
{
	if (sigsetjmp(back, 1))
		return;
	if (how)
		big(0, NULL);
	else
		small(0);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t alt = { .ss_size = 65536 };
	int i;

	alt.ss_sp = mmap(NULL, alt.ss_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t_check(alt.ss_sp != MAP_FAILED);
	t_check(!sigaltstack(&alt, NULL));
	t_check(!sigaction(SIGSEGV, &sa, NULL));
	for (i = 0; i < 40; i++) {
		caught = 0;
		overflow(i % 2);
		if (!caught) {
			t_error("overflow %d was not caught\n", i);
			break;
		}
	}
	return t_status;
}
