/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "vectors.h"

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = block(s);
	v128_t v = wasm_i8x16_splat(c);
	size_t done = BLOCK - before(s);	/* bytes of s in the blocks up to p's */
	unsigned found;

	if (!n)
		return NULL;
	found = equal(p, v) >> before(s);
	if (found)
		p = s;
	while (!found && done < n) {
		p += BLOCK;
		done += BLOCK;
		found = equal(p, v);
	}
	if (!found)
		return NULL;
	p += __builtin_ctz(found);
	return (size_t)(p - (const unsigned char *)s) < n ? (void *)p : NULL;
}
