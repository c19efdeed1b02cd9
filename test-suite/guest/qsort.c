/* SPDX-License-Identifier: MIT */
/* qsort() and qsort_r(): elements of any size, any order, no bad case. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "test.h"

enum { MOST = 3000, WIDEST = 1500, MUCH = 300000 };

static unsigned char a[MUCH + WIDEST], sum[WIDEST];
static size_t width;
static long calls;

static uint32_t rnd(void)
{
	static uint32_t x = 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static int by_bytes(const void *x, const void *y)
{
	calls++;
	return memcmp(x, y, width);
}

static int by_bytes_r(const void *x, const void *y, void *w)
{
	return memcmp(x, y, *(size_t *)w);
}

static int lies(const void *x, const void *y)
{
	(void)x;
	(void)y;
	return (int)(rnd() % 3) - 1;
}

/* Of all elements, bytewise: the same in any order. */
static void add_up(size_t n)
{
	memset(sum, 0, sizeof sum);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < width; j++)
			sum[j] += a[i * width + j] * (1 + (j ? a[i * width + j - 1] : 0));
}

static void fill(size_t n, int order)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t v[] = { rnd(), rnd() % 2, i, n - i, i ^ 1, 7 };

		for (size_t j = 0; j < width; j++)
			a[i * width + j] = j < 4 ? v[order] >> (width < 4 ? 0 : 24 - 8 * j) : rnd();
	}
	add_up(n);
}

static void sorted(size_t n, const char *how)
{
	unsigned char before[WIDEST];

	for (size_t i = 1; i < n; i++)
		if (memcmp(a + (i - 1) * width, a + i * width, width) > 0) {
			t_error("%s: %d of %d elements of %d bytes\n", how, (int)i, (int)n, (int)width);
			return;
		}
	memcpy(before, sum, width);
	add_up(n);
	t_check(memcmp(before, sum, width) == 0);
}

static void every_size(void)
{
	static const size_t widths[] = { 1, 2, 3, 4, 7, 8, 12, 16, 40, 100, 600, WIDEST };

	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
		for (size_t n = 0; n < MOST && n * widths[i] < MUCH; n = n < 20 ? n + 1 : n * 3 / 2)
			for (int order = 0; order < 6; order++) {
				width = widths[i];
				fill(n, order);
				qsort(a, n, width, by_bytes);
				sorted(n, "qsort");
				fill(n, order);
				qsort_r(a, n, width, by_bytes_r, &width);
				sorted(n, "qsort_r");
			}
}

/* Who compares at random gets any order, but the elements, and only those. */
static void liars(void)
{
	width = 4;
	for (int i = 0; i < 20; i++) {
		fill(MOST - 1, 0);
		memset(a + (MOST - 1) * width, 0x55, width);
		qsort(a, MOST - 1, width, lies);
		t_check(a[(MOST - 1) * width] == 0x55);
		qsort(a, MOST - 1, width, by_bytes);
		sorted(MOST - 1, "after lies");
	}
}

/*
 * M. D. McIlroy, A Killer Adversary for Quicksort, 1999: values are chosen while
 * they are compared, so that the pivot is always among the least.
 */
static int value[20000], solid, candidate, gas;

static int adversary(const void *px, const void *py)
{
	int x = *(int *)px, y = *(int *)py;

	calls++;
	if (value[x] == gas && value[y] == gas)
		value[x == candidate ? x : y] = solid++;
	if (value[x] == gas)
		candidate = x;
	else if (value[y] == gas)
		candidate = y;
	return value[x] - value[y];
}

static void no_bad_case(void)
{
	enum { N = 20000, NLOGN = 20000 * 15 };
	static int p[N];

	gas = N;
	for (int i = 0; i < N; i++) {
		p[i] = i;
		value[i] = gas;
	}
	/* the first is greater than all, so that they are not sorted */
	value[0] = N + 1;
	calls = 0;
	qsort(p, N, sizeof *p, adversary);
	t_check(calls < 4 * NLOGN);
	/* and no element is compared with itself only */
	t_check(calls > N);

	width = 4;
	for (int i = 0; i < N; i++)
		p[i] = rnd();
	calls = 0;
	qsort(p, N, sizeof *p, by_bytes);
	t_check(calls < NLOGN);
	calls = 0;
	qsort(p, N, sizeof *p, by_bytes);
	t_check(calls == N - 1);
}

int main(void)
{
	every_size();
	liars();
	no_bad_case();
	return t_status;
}
