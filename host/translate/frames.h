/* SPDX-License-Identifier: MIT */
/* Variables of one function in wasm2c's C, for frames.c. */
#ifndef MUSLIN_FRAMES_H
#define MUSLIN_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

struct variable {
	const char *name;	/* var_l0 */
	int length;
	const char *type;	/* with a blank behind it */
	bool assigned;		/* in its function's code */
};

/*
 * Which of the variables are live, that is, may be read before they are assigned,
 * where each of the places is reached: the begin of a line in p to end, which is a
 * function's code; places are in that order.  Sets live[place * n + variable], and
 * which variables are assigned.
 * -EINVAL if that is not what wasm2c writes, -E2BIG if it is too large.
 */
int live_variables(const char *p, const char *end,
		   struct variable *variables, size_t n,
		   const char *const *places, size_t nplaces, bool *live);

#endif
