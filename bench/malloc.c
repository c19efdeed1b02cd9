/* SPDX-License-Identifier: MIT */
/*
 * malloc alone SIZE: free(malloc(SIZE)), of which the first byte is written.
 * malloc live SIZE COUNT: the same while COUNT others are there: each time a random
 * one of them is freed, and another one takes its place.
 * Prints nanoseconds for each pair, and a constant.
 */
#include <stdint.h>
#include "rows.h"

static size_t size;
static int live;
static char **blocks;

/* volatile: no compiler may leave the pair out */
static char *make(void)
{
	char *volatile p = malloc(size);

	if (!p)
		die("malloc");
	p[0] = 1;
	return p;
}

static void alone(void)
{
	int i;

	for (i = 0; i < times; i++)
		free(make());
}

static uint32_t random32(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 32;
}

static void replace(void)
{
	int i;

	for (i = 0; i < times; i++) {
		char **p = &blocks[random32() % live];

		free(*p);
		*p = make();
	}
}

static void fill(void)
{
	int i;

	blocks = calloc(live, sizeof *blocks);
	if (!blocks)
		die("calloc");
	for (i = 0; i < live; i++)
		blocks[i] = make();
}

int main(int argc, char **argv)
{
	struct row rows[] = {
		{ "alone", alone, 200000 },
		{ "live", replace, 200000 },
		{ NULL, NULL, 0 },
	};

	if (argc < 3)
		return 2;
	size = strtoul(argv[2], NULL, 10);
	/* each is a mapping, natively too */
	if (size > 100000)
		rows[0].times = rows[1].times = 10000;
	if (argc > 3) {
		live = atoi(argv[3]);
		fill();
	}
	return measure(rows, argv[1]);
}
