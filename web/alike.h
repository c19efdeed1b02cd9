/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_WEB_ALIKE_H
#define MUSLIN_WEB_ALIKE_H

#include "wasm/wasm.h"

/*
 * Numbers types from 0 on, those that are alike with the same number: rank[type] is
 * the number, types[number] one of them, both malloc()'s.
 */
struct alike {
	uint32_t *rank, *types, n;
};

bool find_alike(struct alike *a, const struct wasm *w);
void alike_free(struct alike *a);

#endif
