// SPDX-License-Identifier: MIT
// pages that are unmapped at once, with some between them that never were: one call of the host
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include "test.h"

enum { PAGES = 600 };	/* in more than two of the pieces that page tables are told in */

static sigjmp_buf env;
static char *base;
static long page;

static void on_segv(int sig)
{
	siglongjmp(env, sig);
}

static __attribute__((noinline)) void touch(volatile char *p)
{
	*p;
}

static int there(int i)
{
	if (sigsetjmp(env, 1))
		return 0;
	touch(base + i * page);
	return 1;
}

/* every third page was touched */
static void fill(void)
{
	int i;

	base = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		t_error("mmap failed\n");
	for (i = 0; i < PAGES; i += 3)
		base[i * page] = i % 100 + 1;
}

/* what is not in [first, end), which is unmapped, is what it was */
static void check(int first, int end)
{
	int i;

	if (munmap(base + first * page, (end - first) * page))
		t_error("munmap failed\n");
	for (i = 0; i < PAGES; i++) {
		if (there(i) != (i < first || i >= end))
			t_error("pages %d to %d unmapped: page %d is%s there\n", first, end, i,
				there(i) ? "" : " not");
		else if ((i < first || i >= end) && base[i * page] != (i % 3 ? 0 : i % 100 + 1))
			t_error("pages %d to %d unmapped: page %d is %d\n", first, end, i,
				base[i * page]);
	}
	munmap(base, PAGES * page);
}

/* a page that is mapped, but not to be unmapped, is between those that are */
static void around(void)
{
	fill();
	munmap(base, 30 * page);
	munmap(base + 33 * page, 30 * page);
	if (there(29) || !there(30) || base[30 * page] != 31 || there(33) || !there(63))
		t_error("a page between two that were unmapped\n");
	munmap(base, PAGES * page);
}

/* both are told at once: MAP_FIXED unmaps, and memory is moved into the hole */
static void moved(void)
{
	char *p;

	fill();
	p = mremap(base + 300 * page, 9 * page, 9 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
		   base + 150 * page);
	if (p != base + 150 * page || p[0] != 1 || p[3 * page] != 4 || p[page] ||
	    there(300) || there(306) || !there(309) || base[309 * page] != 10)
		t_error("mremap to where pages were\n");
	munmap(base, PAGES * page);
}

int main(void)
{
	page = sysconf(_SC_PAGESIZE);
	signal(SIGSEGV, on_segv);
	fill();
	check(0, PAGES);
	fill();
	check(1, 8);
	fill();
	check(3, 4);
	fill();
	check(100, 590);
	around();
	moved();
	return t_status;
}
