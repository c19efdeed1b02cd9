/* SPDX-License-Identifier: MIT */
/* setjmp and its relatives: values, masks, many frames, locals, nesting. */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include "test.h"

static jmp_buf outer, inner;
static sigjmp_buf masked;

static void deep(int n, int val)
{
	volatile char frame[64];

	memset((void *)frame, n, sizeof(frame));
	if (n)
		deep(n - 1, val);
	else
		longjmp(outer, val);
	frame[0] = 0;
}

static void values(void)
{
	volatile int calls = 0, expect[] = { 0, 1, -5, 1, 7 };
	int r = setjmp(outer);

	t_check(r == expect[calls]);
	switch (++calls) {
	case 1: deep(0, 1);
	case 2: deep(10, -5);
	case 3: deep(100, 0);
	case 4: _longjmp(outer, 7);
	}
	t_check(calls == 5);
}

static int two_in_a_frame(void)
{
	volatile int n = 0;

	if (setjmp(outer))
		n += 1;
	if (setjmp(inner))
		n += 10;
	if (n < 3)
		longjmp(outer, 1);
	if (n < 30)
		longjmp(inner, 1);
	return n;
}

static int blocked(int sig)
{
	sigset_t set;

	sigprocmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, sig);
}

static void masks(void)
{
	sigset_t set;
	volatile int n = 0;
	int save;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (save = 0; save < 2; save++) {
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		n = 0;
		if (!sigsetjmp(masked, save)) {
			sigprocmask(SIG_BLOCK, &set, NULL);
			n++;
			siglongjmp(masked, 3);
		}
		t_check(n == 1);
		t_check(blocked(SIGUSR1) == !save);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void handler(int sig)
{
	siglongjmp(masked, sig);
}

/* out of a handler, again and again: nothing is left behind */
static void from_handler(void)
{
	volatile int n = 0;
	int r;

	signal(SIGUSR1, handler);
	r = sigsetjmp(masked, 1);
	t_check(r == (n ? SIGUSR1 : 0));
	if (n++ < 10000)
		raise(SIGUSR1);
	t_check(n == 10001);
	t_check(!blocked(SIGUSR1));
}

int main(void)
{
	/* a pointer to longjmp is as good */
	void (*volatile jump)(jmp_buf, int) = longjmp;
	int r;

	values();
	r = two_in_a_frame();
	if (r < 30 || r > 43)
		t_error("two_in_a_frame: %d\n", r);
	masks();
	from_handler();
	r = setjmp(outer);
	if (!r)
		jump(outer, 42);
	t_check(r == 42);
	return t_status;
}
