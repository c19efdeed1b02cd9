/* SPDX-License-Identifier: MIT */
/* Which functions a fork can be made in, or below. */
#ifndef MUSLIN_WEB_REACH_H
#define MUSLIN_WEB_REACH_H

#include "rewriting.h"

struct reach {
	bool *nodes;		/* functions, and behind them what reach.c needs */
	bool *types;		/* those of table calls */
	bool *clones;		/* functions whose own calls of clone are forks */
	int64_t clone;		/* the imported function */
	bool handlers;		/* a signal's handler may fork */
};

/*
 * Sets rw->reach if anything forks.  image is the stripped one.  A mistake in
 * this makes a fork fail, or functions slow, and no more.
 */
void find_forks(struct rewriter *rw, const uint8_t *image, size_t size);
/* An empty rw->reach; false: no memory. */
bool reach_make(struct rewriter *rw, int64_t clone);
void reach_free(struct rewriter *rw);

/* Is this call, which op and index are of, in function f one to return from? */
bool is_site(const struct rewriter *rw, uint32_t f, uint8_t op, uint32_t index);

#endif
