/* SPDX-License-Identifier: MIT */
/* After the paper of Aumasson and Bernstein; words are little endian. */
#include <string.h>
#include "core/siphash.h"

static uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static uint64_t word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline void rounds(uint64_t v[4], int n)
{
	while (n--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static inline void compress(uint64_t v[4], uint64_t w)
{
	v[3] ^= w;
	rounds(v, 2);
	v[0] ^= w;
}

void siphash_begin(struct siphash *h, const uint8_t key[SIPHASH_KEY])
{
	uint64_t k0 = word(key), k1 = word(key + 8);

	memset(h, 0, sizeof(*h));
	h->v[0] = k0 ^ 0x736f6d6570736575;
	h->v[1] = k1 ^ 0x646f72616e646f6d ^ 0xee;	/* 128 bits */
	h->v[2] = k0 ^ 0x6c7967656e657261;
	h->v[3] = k1 ^ 0x7465646279746573;
}

void siphash_add(struct siphash *h, const void *data, size_t n)
{
	size_t have = h->size % 8, some = 8 - have;
	const uint8_t *p = data;
	uint64_t v[4];

	h->size += n;
	if (have) {
		if (some > n)
			some = n;
		memcpy(h->rest + have, p, some);
		p += some;
		n -= some;
		if (have + some < 8)
			return;
		compress(h->v, word(h->rest));
	}
	memcpy(v, h->v, sizeof(v));
	for (; n >= 8; p += 8, n -= 8)
		compress(v, word(p));
	memcpy(h->v, v, sizeof(v));
	memcpy(h->rest, p, n);
}

void siphash_end(struct siphash *h, uint8_t sum[SIPHASH_SIZE])
{
	uint64_t last[2];

	memset(h->rest + h->size % 8, 0, 8 - h->size % 8);
	h->rest[7] = h->size;
	compress(h->v, word(h->rest));
	h->v[2] ^= 0xee;
	rounds(h->v, 4);
	last[0] = h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
	h->v[1] ^= 0xdd;
	rounds(h->v, 4);
	last[1] = h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
	memcpy(sum, last, SIPHASH_SIZE);
}
