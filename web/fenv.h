/* SPDX-License-Identifier: MIT */
/* Programs that use the floating-point environment: their operations are calls of float.c. */
#ifndef MUSLIN_WEB_FENV_H
#define MUSLIN_WEB_FENV_H

#include "rewriting.h"

void find_fenv(struct rewriter *rw);

static inline bool uses_fenv(const struct rewriter *rw)
{
	return rw->fenv_get >= 0 || rw->fenv_set >= 0;
}

/* The body of __fenv_get(), or of __fenv_set(). */
void fenv_function(struct rewriter *rw, bool sets);

/* Writes what becomes of an instruction that minds the environment; false: it does not. */
bool floating(struct rewriter *rw, uint8_t code);

/* Before a variable becomes an integer; how: 1: unsigned; 2: it is of 64 bits; 4: the integer is. */
void raise_inexact(struct rewriter *rw, uint32_t local, uint32_t how);
/* The same before 0xfc code, whose operand is on the stack. */
void raise_saturating(struct rewriter *rw, uint32_t code);

#endif
