/* SPDX-License-Identifier: MIT */
/*
 * Functions of <string.h> that read several bytes at a time, against loops over bytes: at
 * all alignments, with what is looked for at each place, and beside pages that are
 * not there.  strings.c and strings_simd.c are programs of it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "test.h"

enum { MOST = 70 };

/* Called, not known to the compiler. */
static size_t (*volatile length)(const char *) = strlen;
static size_t (*volatile length_at_most)(const char *, size_t) = strnlen;
static void *(*volatile first)(const void *, int, size_t) = memchr;
static void *(*volatile last)(const void *, int, size_t) = memrchr;
static char *(*volatile first_in)(const char *, int) = strchr;
static char *(*volatile first_or_end)(const char *, int) = strchrnul;
static char *(*volatile last_in)(const char *, int) = strrchr;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static int (*volatile compare_strings)(const char *, const char *) = strcmp;
static void *(*volatile find)(const void *, size_t, const void *, size_t) = memmem;

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static int plain(const unsigned char *a, const unsigned char *b, size_t n)
{
	for (; n && *a == *b; n--, a++, b++);
	return n ? sign(*a - *b) : 0;
}

/* Pages with one behind and one before them that are not there. */
static char *pages(size_t page)
{
	char *p = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) ||
	    mprotect(p + 3 * page, page, PROT_NONE)) {
		t_error("no pages\n");
		exit(1);
	}
	return p + page;
}

/* A string of n bytes at s, in which c is at i and nowhere else; bytes around it mislead. */
static void search(char *s, size_t n, size_t i, int c)
{
	memset(s, 'x', n);
	s[n] = 0;
	if (i < n)
		s[i] = c;
	t_check(length(s) == n);
	t_check(length_at_most(s, MOST * 2) == n);
	t_check(length_at_most(s, i) == (i < n ? i : n));
	t_check(first_in(s, c) == (i < n ? s + i : NULL));
	t_check(first_or_end(s, c) == (i < n ? s + i : s + n));
	t_check(last_in(s, c) == (i < n ? s + i : NULL));
	t_check(first_in(s, 0) == s + n);
	t_check(first(s, c, n) == (i < n ? s + i : NULL));
	t_check(last(s, c, n) == (i < n ? s + i : NULL));
	t_check(!first(s, c, i < n ? i : n));
	t_check(!last(s, c, i < n ? i : n));
	t_check(first(s, 0, (size_t)-1) == s + n);
	if (i < n && n)
		t_check(find(s, n, &(char){ c }, 1) == s + i);
}

/* The same bytes at a and b but for one, and what is behind them is not looked at. */
static void order(char *a, char *b, size_t n, size_t i)
{
	memset(a, 'y', n);
	memset(b, 'y', n);
	a[n] = b[n] = 0;
	t_check(!compare(a, b, n));
	t_check(!compare_strings(a, b));
	if (i >= n)
		return;
	for (int k = 0; k < 2; k++) {
		a[i] = k ? 'z' : '\xff';
		if (i + 1 < n)
			a[i + 1] = 'a';
		t_check(sign(compare(a, b, n)) == plain((void *)a, (void *)b, n));
		t_check(sign(compare(b, a, n)) == plain((void *)b, (void *)a, n));
		t_check(sign(compare_strings(a, b)) == 1);
		t_check(sign(compare_strings(b, a)) == -1);
		t_check(!compare(a, b, i));
	}
}

int main(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = pages(page), *q = pages(page);

	for (size_t n = 0; n <= MOST && !t_status; n++) {
		for (size_t i = 0; i <= n; i++) {
			/* to the end of the last page, and from the first byte of the first one */
			search(p + 2 * page - n - 1, n, i, 'c');
			search(p, n, i, '\x80');
			order(p + 2 * page - n - 1, q + 2 * page - n - 1, n, i);
			order(p, q + 2 * page - n - 1, n, i);
		}
		for (size_t at = 0; at < 32; at++) {
			memset(p + page - 64, 'c', 256);
			search(p + page - 32 + at, n, n / 2, 'c');
			search(p + page - 32 + at, n, n, 'c');
			order(p + page - 32 + at, q + page - 20 + at / 2, n, n / 2);
			order(p + at, q + page - 16, n, n ? n - 1 : 0);
		}
	}
	return t_status;
}
