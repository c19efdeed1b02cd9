/* SPDX-License-Identifier: MIT */
/* Calls and branches: all ways to put 12 queens on a board, by backtracking. */
#include "bench.h"

enum { N = 12 };

static int column[N];

static int attacked(int row, int c)
{
	int i;

	for (i = 0; i < row; i++)
		if (column[i] == c || abs(column[i] - c) == row - i)
			return 1;
	return 0;
}

static unsigned place(int row)
{
	unsigned n = 0;
	int c;

	if (row == N)
		return 1;
	for (c = 0; c < N; c++)
		if (!attacked(row, c)) {
			column[row] = c;
			n += place(row + 1);
		}
	return n;
}

static uint64_t work(void)
{
	return place(0);
}
