// SPDX-License-Identifier: MIT
// a mapping that malloc() keeps was once thought to be zero, which calloc() relies on
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

enum { TURNS = 120 };

static int all(const char *p, int c, size_t n)
{
	return *p == c && !memcmp(p, p + 1, n - 1);
}

/* freed as often as it takes to be kept, at last with all of its bytes used */
static void bounce(size_t n)
{
	int i;

	for (i = 0; i < TURNS; i++) {
		char *volatile p = malloc(n);

		if (!p) {
			t_error("malloc(%zu) failed\n", n);
			return;
		}
		memset(p, 0xa5, i < 110 ? 1 : n);
		free(p);
	}
}

static void zero(size_t n)
{
	char *p, *q;

	bounce(n);
	p = calloc(1, n);
	q = calloc(n, 1);
	if (!p || !q || !all(p, 0, n) || !all(q, 0, n))
		t_error("calloc of %zu bytes: not zero\n", n);
	memset(p, 1, n);
	memset(q, 2, n);
	if (!all(p, 1, n) || !all(q, 2, n))
		t_error("two blocks of %zu bytes have memory between them\n", n);
	free(p);
	free(q);
}

/* to fewer and more pages, and back to a size that is kept */
static void resized(size_t n)
{
	size_t to[] = { n - 1, n / 2 + 70000, n + 65536, 3 * n, 1000, n };
	char *p, *q;
	size_t have = n, i;

	bounce(n);
	p = malloc(n);
	if (!p)
		return;
	memset(p, 3, n);
	for (i = 0; i < sizeof to / sizeof *to; i++) {
		q = realloc(p, to[i]);
		if (!q) {
			t_error("realloc to %zu failed\n", to[i]);
			break;
		}
		p = q;
		if (to[i] < have)
			have = to[i];
		if (!all(p, 3, have))
			t_error("realloc to %zu lost data\n", to[i]);
	}
	free(p);
	p = calloc(1, n);
	if (!p || !all(p, 0, n))
		t_error("calloc of %zu bytes after realloc: not zero\n", n);
	free(p);
}

static void aligned(size_t n)
{
	size_t a;
	char *p;

	bounce(n);
	for (a = 16; a <= 1 << 20; a *= 4) {
		p = aligned_alloc(a, n);
		if (!p || (uintptr_t)p % a)
			t_error("aligned_alloc(%zu, %zu): %p\n", a, n, (void *)p);
		else
			memset(p, 4, n);
		free(p);
	}
}

/* what is freed twice is still found out */
static void twice(size_t n)
{
	int status;
	pid_t pid;
	char *volatile p;

	bounce(n);
	pid = fork();
	if (!pid) {
		p = malloc(n);
		memset(p, 0, n);
		free(p);
		free(p);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		t_error("%zu bytes freed twice: no signal\n", n);
}

int main(void)
{
	static const size_t sizes[] = {
		131052, 196588, 196589, 600000, 1048556, 1048557,
	};
	size_t i;

	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		zero(sizes[i]);
		resized(sizes[i]);
		aligned(sizes[i]);
		twice(sizes[i]);
	}
	return t_status;
}
