/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "vectors.h"

void *__memrchr(const void *s, int c, size_t n)
{
	const unsigned char *end = (const unsigned char *)s + n, *p;
	v128_t v = wasm_i8x16_splat(c);
	unsigned found;

	if (!n)
		return NULL;
	p = block(end - 1);
	found = equal(p, v) & (2u << before(end - 1)) - 1;
	while (!found && p > (const unsigned char *)s) {
		p -= BLOCK;
		found = equal(p, v);
	}
	if (!found)
		return NULL;
	p += 31 - __builtin_clz(found);
	return p >= (const unsigned char *)s ? (void *)p : NULL;
}

void *memrchr(const void *, int, size_t) __attribute__((__weak__, __alias__("__memrchr")));
