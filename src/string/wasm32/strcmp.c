/* SPDX-License-Identifier: MIT */
/* Eight bytes at a time, where they do not reach into a page that may not be there. */
#include <stdint.h>
#include <string.h>

#define PAGE 4096
#define ONES (~(uint64_t)0 / 255)
#define HAS_ZERO(v) (((v) - ONES) & ~(v) & ONES * 128)

static inline int in_page(const unsigned char *p)
{
	return (uintptr_t)p % PAGE <= PAGE - 8;
}

static inline uint64_t load(const unsigned char *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

int strcmp(const char *_l, const char *_r)
{
	const unsigned char *l = (void *)_l, *r = (void *)_r;
	uint64_t a;

	for (; in_page(l) && in_page(r); l += 8, r += 8) {
		a = load(l);
		if (a != load(r) || HAS_ZERO(a))
			break;
	}
	for (; *l == *r && *l; l++, r++);
	return *l - *r;
}
