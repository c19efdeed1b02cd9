/* SPDX-License-Identifier: MIT */
/* setjmp WHAT: see rows.h. */
#include <setjmp.h>
#include <stdint.h>
#include "rows.h"

static jmp_buf env;
static volatile long result;

__attribute__((noinline)) static int work(int i)
{
	__asm__ volatile("");
	return i + 1;
}

__attribute__((noinline)) static void jump(int i)
{
	if (i)
		longjmp(env, i);
}

__attribute__((noinline)) static int set_and_call(int i)
{
	if (setjmp(env))
		return 1;
	return work(i);
}

__attribute__((noinline)) static int set_and_jump(void)
{
	if (setjmp(env))
		return 1;
	jump(1);
	return 0;
}

static void setjmp_call(void)
{
	int i;

	for (i = 0; i < times; i++)
		result += set_and_call(i);
}

static void setjmp_longjmp(void)
{
	int i;

	for (i = 0; i < times; i++)
		result += set_and_jump();
}

/* in a frame that could be jumped to */
static void loop(void)
{
	static uint32_t a[1024];
	uint32_t h = 1;
	int i;

	if (setjmp(env))
		return;
	for (i = 0; i < times; i++) {
		h = h * 31 + a[i & 1023];
		h ^= h >> 7;
		a[(i * 7) & 1023] = h;
	}
	work(h);
	result = h;
}

static const struct row rows[] = {
	{ "call", setjmp_call, 1000000 },
	{ "longjmp", setjmp_longjmp, 1000000 },
	{ "loop", loop, 10000000 },
	{ NULL, NULL, 0 },
};

int main(int argc, char **argv)
{
	return measure(rows, argc > 1 ? argv[1] : "");
}
