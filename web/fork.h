/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_WEB_FORK_H
#define MUSLIN_WEB_FORK_H

#include "rewriting.h"

/*
 * Makes rw->body of function f, which r is at, so that it can be left at each
 * call that may fork, and entered there again.
 */
void fork_function(struct rewriter *rw, uint32_t f);
/* The same; and, if loops, at each loop. */
void leaving_function(struct rewriter *rw, uint32_t f, bool loops);
void forking_free(struct rewriter *rw);

#endif
