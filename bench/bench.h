/* SPDX-License-Identifier: MIT */
/*
 * A program that answers one question.  work() returns a number that depends
 * on all that it did, so that a wrong result is seen and nothing is optimised
 * away.  Prints the median time of five, in nanoseconds, and that number.  The
 * time is that of one of the OPS things that work() does.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifndef OPS
#define OPS 1
#endif

static uint64_t work(void);

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

/* The same numbers everywhere, which rand() does not promise. */
static inline uint32_t random32(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 32;
}

static int bench_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(void)
{
	uint64_t times[5], sum = 0, t;
	int i;

	for (i = 0; i < 5; i++) {
		t = now_ns();
		sum = sum * 31 + work();
		times[i] = now_ns() - t;
	}
	qsort(times, 5, sizeof *times, bench_compare);
	printf("%.1f %llx\n", (double)times[2] / OPS, (unsigned long long)sum);
	return 0;
}

#endif
