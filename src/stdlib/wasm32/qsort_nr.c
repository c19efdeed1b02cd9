/* SPDX-License-Identifier: MIT */
/* On its own, not by way of qsort_r(): an indirect call less for each comparison. */
#include <stdlib.h>

typedef int (*cmpfun)(const void *, const void *);
#define CMP cmpfun
#define COMPARE(a, b) (s->cmp(a, b))
#include "sort.h"

void qsort(void *base, size_t nel, size_t width, cmpfun cmp)
{
	sort(base, nel, width, cmp, NULL);
}
