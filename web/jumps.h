/* SPDX-License-Identifier: MIT */
/* setjmp as a function, which nothing but its caller's code can make return twice. */
#ifndef MUSLIN_WEB_JUMPS_H
#define MUSLIN_WEB_JUMPS_H

#include "rewriting.h"

/* Sets rw->setjmp and rw->longjmp, the functions, or -1. */
void find_jumps(struct rewriter *rw);
/* The exception that longjmp throws: its type, and itself. */
void put_jump_type(struct rewriter *rw);
void put_jump_tag(struct bytes *to, const struct rewriter *rw);

/* Is there a call of setjmp in the function that r is at? */
bool calls_setjmp(const struct rewriter *rw, struct reader r);
/* Makes a new id, in that variable, and of it what lies in a jmp_buf. */
void put_setjmp(struct rewriter *rw, uint32_t buf, uint32_t id);
/* Begins the handler: the id is in value[1], and what setjmp returns in value. */
void take_jump(struct rewriter *rw, uint32_t value);
void restore_stack_pointer(struct rewriter *rw);
/* The body of longjmp. */
void longjmp_function(struct rewriter *rw);

#endif
