/* SPDX-License-Identifier: MIT */
/* Instead of smoothsort, which compares more often: sort_impl.h. */
#define _BSD_SOURCE
#include <stdlib.h>

typedef int (*cmpfun)(const void *, const void *, void *);
#define CMP cmpfun
#define COMPARE(a, b) (s->cmp(a, b, s->arg))
#include "sort.h"

void __qsort_r(void *base, size_t nel, size_t width, cmpfun cmp, void *arg)
{
	sort(base, nel, width, cmp, arg);
}

weak_alias(__qsort_r, qsort_r);
