/* SPDX-License-Identifier: MIT */
/* Eight bytes at a time: a load may have any alignment. */
#include <stdint.h>
#include <string.h>

static inline uint64_t load(const unsigned char *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

int memcmp(const void *vl, const void *vr, size_t n)
{
	const unsigned char *l = vl, *r = vr;

	for (; n >= 8; n -= 8, l += 8, r += 8) {
		uint64_t a = load(l), b = load(r);

		if (a != b)
			return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
	}
	for (; n && *l == *r; n--, l++, r++);
	return n ? *l - *r : 0;
}
