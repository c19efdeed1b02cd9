/* SPDX-License-Identifier: MIT */
/* A page table that one system call freed and made anew left old mappings in the host. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include "test.h"

/* what a page table is for */
#define SIZE (1 << 30)
#define PLACE ((void *)0x40000000)
#define PAGE 65536

static char *map(void *at)
{
	return mmap(at, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
		    (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);
}

int main(void)
{
	char *to = map(PLACE), *from = map(NULL);

	t_check(to == PLACE && from != MAP_FAILED);
	to[PAGE] = to[2 * PAGE] = 'x';
	from[PAGE] = 'y';
	t_check(mremap(from, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	t_check(to[PAGE] == 'y' && to[2 * PAGE] == 0);
	return t_status;
}
