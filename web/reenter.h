/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_WEB_REENTER_H
#define MUSLIN_WEB_REENTER_H

#include "rewriting.h"

/*
 * Sets rw->reenter: which functions are made so that they can be left at their loops, and
 * entered there again.  image is the stripped one.
 */
void find_loops(struct rewriter *rw, const uint8_t *image, size_t size);
/* Is f one of those? */
bool reenters(const struct rewriter *rw, uint32_t f);
/*
 * Makes rw->body of f, which r is at: calls of what it was before, which is kept for
 * put_reentered_bodies().  false: it cannot be made so; nothing has been done.
 */
bool reenter_function(struct rewriter *rw, uint32_t f);

/* Functions that are added behind all others. */
uint32_t reentered(const struct rewriter *rw);
void put_reentered_types(struct rewriter *rw);
void put_reentered_bodies(struct rewriter *rw);
void reenter_free(struct rewriter *rw);

#endif
