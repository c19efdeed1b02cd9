/* SPDX-License-Identifier: MIT */
/* Eight bytes at a time, the last of them again: a load may have any alignment. */
#include <stdint.h>
#include <string.h>

static inline uint64_t load(const unsigned char *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

static inline int order(uint64_t a, uint64_t b)
{
	return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
}

/* Less than eight. */
static int few(const unsigned char *l, const unsigned char *r, size_t n)
{
	for (; n && *l == *r; n--, l++, r++);
	return n ? *l - *r : 0;
}

int memcmp(const void *vl, const void *vr, size_t n)
{
	const unsigned char *l = vl, *r = vr;
	uint64_t a, b;
	size_t i;

	if (n < 8)
		return few(l, r, n);
	for (i = 0; i < n - 8; i += 8) {
		a = load(l + i);
		b = load(r + i);
		if (a != b)
			return order(a, b);
	}
	a = load(l + n - 8);
	b = load(r + n - 8);
	return a == b ? 0 : order(a, b);
}
