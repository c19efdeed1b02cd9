/* SPDX-License-Identifier: MIT */
/* Included once, by who defines CMP and COMPARE(); see sort_impl.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER 1024	/* bytes: a thread's stack can be small */
#define SHORT 12	/* elements that are sorted by insertion at once */

struct sort {
	CMP cmp;
	void *arg;
	size_t width;
	size_t most;		/* elements that are not split */
	int merges;
	char *buffer;		/* aligned as elements can be */
};

/* An element is often a pointer or a number. */
#define SORT(name) name##_of_4
#define WIDTH ((size_t)4)
#include "sort_impl.h"

#define SORT(name) name##_of_8
#define WIDTH ((size_t)8)
#include "sort_impl.h"

#define SORT(name) name##_of_any
#define WIDTH (s->width)
#include "sort_impl.h"

static void sort(char *base, size_t n, size_t width, CMP cmp, void *arg)
{
	_Alignas(16) char buffer[BUFFER];
	struct sort s = { .cmp = cmp, .arg = arg, .width = width, .buffer = buffer };

	if (n < 2 || !width)
		return;
	/* the left half is in the buffer, and is not the longer one */
	s.most = 2 * (BUFFER / width);
	s.merges = s.most >= SHORT;
	if (!s.merges)
		s.most = SHORT;
	if (width == 4)
		sort_of_4(&s, base, n);
	else if (width == 8)
		sort_of_8(&s, base, n);
	else
		sort_of_any(&s, base, n);
}
