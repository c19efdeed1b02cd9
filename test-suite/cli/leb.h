/* SPDX-License-Identifier: MIT */
/* A number of a module that nobody doubts, at `at', which moves behind it. */
#include <stdint.h>

static const uint8_t *at;

static uint32_t leb(void)
{
	uint32_t v = 0;

	for (int shift = 0; ; shift += 7) {
		v |= (uint32_t)(*at & 127) << shift;
		if (!(*at++ & 128))
			return v;
	}
}
