/* SPDX-License-Identifier: MIT */
/* strchr() and strcspn() are this one, too. */
#include <string.h>
#include "vectors.h"

char *__strchrnul(const char *s, int c)
{
	const unsigned char *p = block(s);
	v128_t v = wasm_i8x16_splat(c);
	unsigned found = (zero(p) | equal(p, v)) >> before(s);

	if (found)
		return (char *)s + __builtin_ctz(found);
	do {
		p += BLOCK;
		found = zero(p) | equal(p, v);
	} while (!found);
	return (char *)p + __builtin_ctz(found);
}

char *strchrnul(const char *, int) __attribute__((__weak__, __alias__("__strchrnul")));
