/* SPDX-License-Identifier: MIT */
/*
 * What small processors are measured by: a linked list that is sorted and
 * searched, small integer matrices, a state machine over text, and a CRC of
 * all that they find.
 */
#include <string.h>
#include "bench.h"

enum { ROUNDS = 1200, ITEMS = 300, N = 24, TEXT = 2000 };

static uint16_t crc16(uint16_t crc, uint32_t x)
{
	int i;

	for (i = 0; i < 32; i++, x >>= 1)
		crc = crc >> 1 ^ ((crc ^ x) & 1 ? 0xa001 : 0);
	return crc;
}

/* --- list --- */

struct item {
	struct item *next;
	int16_t value, index;
};

static struct item items[ITEMS];

static struct item *list_make(void)
{
	int i;

	for (i = 0; i < ITEMS; i++) {
		items[i].next = i + 1 < ITEMS ? &items[i + 1] : NULL;
		items[i].value = random32();
		items[i].index = i;
	}
	return items;
}

static struct item *list_reverse(struct item *l)
{
	struct item *done = NULL, *next;

	for (; l; l = next) {
		next = l->next;
		l->next = done;
		done = l;
	}
	return done;
}

static struct item *list_find(struct item *l, int value)
{
	while (l && (l->value & 0xff) != value)
		l = l->next;
	return l;
}

static int by_value(const struct item *a, const struct item *b) { return a->value - b->value; }
static int by_index(const struct item *a, const struct item *b) { return a->index - b->index; }

static struct item *list_sort(struct item *l, int (*compare)(const struct item *, const struct item *))
{
	struct item *half = l, *end, *other, *sorted, **tail = &sorted;

	if (!l || !l->next)
		return l;
	for (end = l->next; end && end->next; end = end->next->next)
		half = half->next;
	other = list_sort(half->next, compare);
	half->next = NULL;
	l = list_sort(l, compare);
	while (l && other) {
		struct item **least = compare(l, other) <= 0 ? &l : &other;

		*tail = *least;
		tail = &(*least)->next;
		*least = *tail;
	}
	*tail = l ? l : other;
	return sorted;
}

static uint16_t list(uint16_t crc)
{
	struct item *l = list_make(), *found;
	int i;

	for (i = 0; i < 32; i++) {
		l = list_reverse(l);
		found = list_find(l, i * 5 & 0xff);
		crc = crc16(crc, found ? found->index : -1);
	}
	l = list_sort(l, by_value);
	crc = crc16(crc, l->index);
	l = list_sort(l, by_index);
	return crc16(crc, l->value);
}

/* --- matrices --- */

static int16_t a[N][N], b[N][N];
static int32_t c[N][N];

static uint16_t matrices(uint16_t crc)
{
	int i, j, k;
	int32_t sum = 0;

	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			a[i][j] = random32() >> 20;
			b[i][j] = random32() >> 20;
		}
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			c[i][j] = 0;
			for (k = 0; k < N; k++)
				c[i][j] += (a[i][k] * b[k][j] >> 2 & 15) * (a[i][k] >> 5 & 127);
			sum += c[i][j];
		}
	return crc16(crc, sum);
}

/* --- state machine: numbers in text --- */

enum state { START, INVALID, SIGN, INTEGER, POINT, FRACTION, E, ESIGN, EXPONENT, STATES };

static char text[TEXT + 1];

static void make_text(void)
{
	static const char *const words[] = {
		"5012,", "1234,", "-874,", "+122,", "35.54400,", ".1234500,", "-110.700,",
		"+0.64400,", "5.500e+3,", "-.123e-2,", "-87e+832,", "+0.6e-12,", "T0.3e-1F,",
		"-T.T++Tq,", "1T3.4e4z,", "34.0e-T^,",
	};
	size_t n = 0;

	while (n < TEXT - 16) {
		strcpy(text + n, words[random32() % 16]);
		n += strlen(text + n);
	}
}

static enum state step(enum state s, char ch)
{
	int digit = ch >= '0' && ch <= '9', sign = ch == '+' || ch == '-';

	switch (s) {
	case START:
		return digit ? INTEGER : sign ? SIGN : ch == '.' ? POINT : INVALID;
	case SIGN:
		return digit ? INTEGER : ch == '.' ? POINT : INVALID;
	case INTEGER:
		return digit ? INTEGER : ch == '.' ? FRACTION : ch == 'e' ? E : INVALID;
	case POINT:
	case FRACTION:
		return digit ? FRACTION : ch == 'e' ? E : INVALID;
	case E:
		return sign ? ESIGN : INVALID;
	case ESIGN:
	case EXPONENT:
		return digit ? EXPONENT : INVALID;
	default:
		return INVALID;
	}
}

static uint16_t machine(uint16_t crc)
{
	unsigned ends[STATES] = { 0 }, passed[STATES] = { 0 };
	enum state s = START;
	const char *p;
	int i;

	make_text();
	for (p = text; *p; p++) {
		if (*p == ',') {
			ends[s]++;
			s = START;
			continue;
		}
		s = step(s, *p);
		passed[s]++;
	}
	for (i = 0; i < STATES; i++)
		crc = crc16(crc16(crc, ends[i]), passed[i]);
	return crc;
}

static uint64_t work(void)
{
	uint16_t crc = 0xffff;
	int i;

	for (i = 0; i < ROUNDS; i++)
		crc = machine(matrices(list(crc)));
	return crc;
}
