/* SPDX-License-Identifier: MIT */
/* Calls of functions by another type than their own. */
#ifndef MUSLIN_ADAPT_H
#define MUSLIN_ADAPT_H

#include "cgen/abi.h"

wasm_rt_function_ptr_t adapt(void *instance, const wasm_rt_funcref_t *f,
			     wasm_rt_func_type_t type);

/* --- machine/x86_64/adapt.c: particular to a CPU --- */

/* A signature has at most this many parameters, and one result. */
#define ADAPT_MAX 32

/* Takes what arguments its caller gives, and calls task's adapted.func. */
void adapt_entry(void);

#endif
