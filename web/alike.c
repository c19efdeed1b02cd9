/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "alike.h"

struct named {
	const char *type;
	uint32_t index;
};

static int by_type(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->type, y->type);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

bool find_alike(struct alike *a, const struct wasm *w)
{
	struct named *sorted = calloc(w->ntypes + 1, sizeof(*sorted));
	uint32_t i;

	a->n = 0;
	a->rank = calloc(w->ntypes + 1, sizeof(*a->rank));
	a->types = calloc(w->ntypes + 1, sizeof(*a->types));
	if (!sorted || !a->rank || !a->types) {
		free(sorted);
		return false;
	}
	for (i = 0; i < w->ntypes; i++)
		sorted[i] = (struct named){ w->types[i], i };
	qsort(sorted, w->ntypes, sizeof(*sorted), by_type);
	for (i = 0; i < w->ntypes; i++) {
		if (!i || strcmp(sorted[i].type, sorted[i - 1].type))
			a->types[a->n++] = sorted[i].index;
		a->rank[sorted[i].index] = a->n - 1;
	}
	free(sorted);
	return true;
}

void alike_free(struct alike *a)
{
	free(a->rank);
	free(a->types);
}
