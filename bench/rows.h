/* SPDX-License-Identifier: MIT */
/*
 * A program with several rows of the table.  Its argument names one; its function
 * does something `times' times, and what is printed is the median of five runs, in
 * nanoseconds for each time, and a constant.
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"

struct row {
	const char *name;
	void (*f)(void);
	int times;
};

static int times;

static int compare(const void *a, const void *b)
{
	const double *x = (const double *)a, *y = (const double *)b;

	return (*x > *y) - (*x < *y);
}

/* rows end with a NULL name; 2 if none has this one */
static int measure(const struct row *rows, const char *name)
{
	double t[5];
	int i;

	while (rows->name && strcmp(rows->name, name))
		rows++;
	if (!rows->name)
		return 2;
	times = rows->times;
	for (i = 0; i < 5; i++) {
		t[i] = now_ns();
		rows->f();
		t[i] = now_ns() - t[i];
	}
	qsort(t, 5, sizeof *t, compare);
	printf("%.1f 0\n", t[2] / times);
	return 0;
}

#endif
