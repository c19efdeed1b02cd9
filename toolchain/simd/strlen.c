/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "vectors.h"

size_t strlen(const char *s)
{
	const unsigned char *p = block(s);
	unsigned found = zero(p) >> before(s);

	if (found)
		return __builtin_ctz(found);
	do
		p += BLOCK;
	while (wasm_i8x16_all_true(wasm_v128_load(p)));
	return p - (const unsigned char *)s + __builtin_ctz(zero(p));
}
