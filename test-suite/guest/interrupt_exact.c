/* SPDX-License-Identifier: MIT */
/* Computations that are interrupted 100,000 times go on exactly. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

enum { INTERRUPTIONS = 100000, SECONDS = 20 };

static volatile unsigned fired;
static volatile double disturbed = 1;

/* Uses what the interrupted code uses. */
static void fires(int sig)
{
	disturbed = disturbed * 1.0000001 + sig * 1e-9;
	fired++;
}

static uint64_t hash(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (n--)
		h = (h ^ *s++) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t floats(void)
{
	double x[6] = { 0.1, 0.7, 1.3, 0.2, 0.9, 1.1 };
	float f = 1;
	int i, j;

	for (i = 0; i < 2000; i++)
		for (j = 0; j < 6; j++) {
			x[j] = 3.9 * (x[j] - (int)x[j]) * (1 - x[(j + 1) % 6] / 2) + 1e-3 * f;
			f = f * 0.99f + (float)x[j] / 3;
		}
	return hash(x, sizeof x) ^ (uint64_t)(f * 1e6f);
}

static uint64_t integers(void)
{
	uint64_t a = 88172645463325252, b = 1, c = 0;
	int i;

	for (i = 0; i < 5000; i++) {
		a ^= a << 13;
		a ^= a >> 7;
		a ^= a << 17;
		b = b * 6364136223846793005 + a;
		c += b / (a | 1) + (int64_t)a % (int64_t)(b >> 40 | 1);
	}
	return a ^ b ^ c;
}

static uint64_t copies(void)
{
	static unsigned char from[20000], to[20000];
	unsigned i;

	memset(to, 0, sizeof to);
	for (i = 0; i < sizeof from; i++)
		from[i] = i * 7 + (i >> 8);
	for (i = 0; i < 8; i++) {
		memcpy(to + i, from + 3 * i, 15000 + i);
		memmove(to + 100, to, 19000);
		memset(to + 1000 * i, i, 500);
	}
	return hash(to, sizeof to);
}

static uint64_t deep(int n, uint64_t x)
{
	volatile uint64_t local[3] = { x, x ^ n, n };

	if (n == 0)
		return x;
	x = deep(n - 1, x * 31 + local[1]);
	return x ^ local[0] ^ local[1] << 1 ^ local[2];
}

static uint64_t calls(void)
{
	return deep(300, 5);
}

static uint64_t (*const work[])(void) = { floats, integers, copies, calls };
enum { WORKS = sizeof work / sizeof work[0] };

int main(void)
{
	struct itimerval t = { { 0, 30 }, { 0, 30 } }, off = { 0 };
	uint64_t want[WORKS], got;
	time_t end = time(NULL) + SECONDS;
	int i;

	for (i = 0; i < WORKS; i++)
		want[i] = work[i]();
	signal(SIGALRM, fires);
	t_check(setitimer(ITIMER_REAL, &t, NULL) == 0);
	for (i = 0; fired < INTERRUPTIONS && time(NULL) < end; i = (i + 1) % WORKS) {
		got = work[i]();
		if (got != want[i])
			t_error("work %d: %llx, not %llx, after %u interruptions\n", i,
				(unsigned long long)got, (unsigned long long)want[i], fired);
	}
	t_check(setitimer(ITIMER_REAL, &off, NULL) == 0);
	/* a machine that is busy otherwise has fewer */
	if (fired < INTERRUPTIONS / 10)
		t_error("%u interruptions\n", fired);
	return t_status;
}
