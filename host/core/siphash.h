/* SPDX-License-Identifier: MIT */
/* SipHash-2-4 with 128 bits: whoever has no key can make no sum. */
#ifndef MUSLIN_SIPHASH_H
#define MUSLIN_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY	16
#define SIPHASH_SIZE	16

struct siphash {
	uint64_t v[4];
	uint64_t size;		/* of all that was added */
	uint8_t rest[8];	/* the last size % 8 bytes of it */
};

void siphash_begin(struct siphash *h, const uint8_t key[SIPHASH_KEY]);
void siphash_add(struct siphash *h, const void *data, size_t n);
void siphash_end(struct siphash *h, uint8_t sum[SIPHASH_SIZE]);

#endif
