/* SPDX-License-Identifier: MIT */
/* A hash table, open addressing, of strings and numbers: insert, find, remove. */
#include <string.h>
#include "bench.h"

enum { SLOTS = 1 << 17, KEYS = 80000, LOOKUPS = 400000 };

struct slot {
	char key[20];
	uint32_t hash, value;	/* hash 0: never used; value 0: removed */
};

static struct slot slots[SLOTS];

/* 64-bit multiply and fold, eight bytes at a time */
static uint32_t hash(const char *key, size_t n)
{
	uint64_t h = n * 0x9e3779b97f4a7c15, word;

	for (; n >= 8; n -= 8, key += 8) {
		memcpy(&word, key, 8);
		h = (h ^ word) * 0xbf58476d1ce4e5b9;
		h ^= h >> 29;
	}
	word = 0;
	memcpy(&word, key, n);
	h = (h ^ word) * 0x94d049bb133111eb;
	return (h ^ h >> 32) | 1;
}

/* Its slot, or the one that it would get. */
static struct slot *find(const char *key, uint32_t h)
{
	struct slot *s = &slots[h % SLOTS];

	while (s->hash && (s->hash != h || strcmp(s->key, key)))
		s = s == slots + SLOTS - 1 ? slots : s + 1;
	return s;
}

static size_t make_key(char key[20], uint32_t n)
{
	char digits[12];
	size_t i = 0, len = 0;

	memcpy(key, "key-", 4);
	do
		digits[i++] = '0' + n % 10;
	while (n /= 10);
	for (len = 4; i; len++)
		key[len] = digits[--i];
	key[len] = 0;
	return len;
}

static uint64_t work(void)
{
	uint64_t sum = 0;
	struct slot *s;
	char key[20];
	uint32_t i, h;

	memset(slots, 0, sizeof slots);
	for (i = 0; i < KEYS; i++) {
		h = hash(key, make_key(key, i * 7919));
		s = find(key, h);
		strcpy(s->key, key);
		s->hash = h;
		s->value = i + 1;
	}
	for (i = 0; i < LOOKUPS; i++) {
		h = hash(key, make_key(key, random32() % (2 * KEYS) * 7919));
		s = find(key, h);
		sum = sum * 31 + s->value;
		if (i % 16 == 0)
			s->value = 0;
	}
	return sum;
}
