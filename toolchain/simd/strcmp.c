/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "vectors.h"

/* How many bytes there are from p to the end of its page. */
static inline size_t left(const unsigned char *p)
{
	return PAGE - (uintptr_t)p % PAGE;
}

int strcmp(const char *_l, const char *_r)
{
	const unsigned char *l = (void *)_l, *r = (void *)_r;
	unsigned ends;
	size_t i, n;

	for (;;) {
		n = left(l) < left(r) ? left(l) : left(r);
		for (i = 0; i + BLOCK <= n; i += BLOCK) {
			ends = equal(l + i, wasm_v128_load(r + i)) ^ 0xffff;
			ends |= zero(l + i);
			if (ends) {
				i += __builtin_ctz(ends);
				return l[i] - r[i];
			}
		}
		/* the last bytes of one page of the two */
		for (; i < n; i++)
			if (l[i] != r[i] || !l[i])
				return l[i] - r[i];
		l += i;
		r += i;
	}
}
