/* SPDX-License-Identifier: MIT */
/* The cheapest system call. */
#define OPS 1000000
#include <unistd.h>
#include "bench.h"

static uint64_t work(void)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < OPS; i++)
		sum |= getppid();
	return sum != 0;
}
