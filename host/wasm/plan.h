/* SPDX-License-Identifier: MIT */
/* What is known of a module's segments.  Private to data.c, strip.c and relaxed.c. */
#ifndef MUSLIN_WASM_PLAN_H
#define MUSLIN_WASM_PLAN_H

#include "wasm/wasm.h"
#include "wasm/reader.h"

struct segment {
	bool active;
	bool imaged;		/* and nothing else needs its bytes */
	uint32_t addr;		/* of an active one */
	uint32_t size;
	const uint8_t *head;	/* its size, in the image */
	const uint8_t *bytes;
};

struct plan {
	const struct wasm *w;
	struct reader r;
	const uint8_t *end;	/* of the image */
	struct segment *segments;
	uint32_t nsegments;
	struct wasm_data *data;
	uint8_t *edit;		/* a copy of the image, or NULL */
};

/* Finds d and, in the same order, p->segments, to be freed.  0 or -ENOMEM, with nothing left. */
int plan_init(struct plan *p, const struct wasm *w, const void *image,
	      size_t size, struct wasm_data *d, char why[32]);
/* In a copy of the image, does what the plan, which is known to be right, leaves out. */
void plan_edit(struct plan *p, uint8_t *copy);

/*
 * --- relaxed.c: of a module that wasm_fix_code() has been through ---
 *
 * What the code section can be longer by, if it has n instructions that take several.
 */
size_t relaxed_room(uint32_t n, uint32_t nfuncs);
/* Writes it without them; r is at its contents. */
uint8_t *put_relaxed_code(struct reader *r, const struct wasm *w, uint8_t *to);

#endif
