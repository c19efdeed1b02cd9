/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "vectors.h"

static inline unsigned differ(const unsigned char *l, const unsigned char *r)
{
	return equal(l, wasm_v128_load(r)) ^ 0xffff;
}

static inline uint64_t load(const unsigned char *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

/* Less than a block. */
static int few(const unsigned char *l, const unsigned char *r, size_t n)
{
	if (n >= 8) {
		uint64_t a = load(l), b = load(r);

		if (a == b) {
			a = load(l + n - 8);
			b = load(r + n - 8);
		}
		return (a > b) - (a < b);
	}
	for (; n && *l == *r; n--, l++, r++);
	return n ? *l - *r : 0;
}

int memcmp(const void *vl, const void *vr, size_t n)
{
	const unsigned char *l = vl, *r = vr;
	unsigned found;
	size_t i;

	if (n < BLOCK)
		return few(l, r, n);
	for (i = 0; i < n - BLOCK; i += BLOCK) {
		found = differ(l + i, r + i);
		if (found)
			goto differs;
	}
	/* the last block, part of which may have been seen */
	i = n - BLOCK;
	found = differ(l + i, r + i);
	if (!found)
		return 0;
differs:
	i += __builtin_ctz(found);
	return l[i] - r[i];
}
