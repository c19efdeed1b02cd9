/* SPDX-License-Identifier: MIT */
/* String work: a text is split into words, which are counted and sorted. */
#include <ctype.h>
#include <string.h>
#include "bench.h"

enum { TEXT = 4 << 20, BUCKETS = 1 << 14 };

struct word {
	struct word *next;
	unsigned count;
	char text[];
};

static struct word *buckets[BUCKETS];
static char text[TEXT + 1];

static void make_text(void)
{
	static const char *const syllables[] = {
		"ka", "lo", "min", "ter", "su", "Ra", "vel", "o", "shi", "qu",
	};
	size_t n = 0, i, length;

	while (n < TEXT - 40) {
		for (i = 1 + random32() % 5; i > 0; i--) {
			const char *s = syllables[random32() % 10];

			length = strlen(s);
			memcpy(text + n, s, length);
			n += length;
		}
		text[n++] = " \n,."[random32() % 16 < 13 ? 0 : random32() % 4];
	}
	text[n] = '\0';
}

static unsigned hash(const char *s)
{
	unsigned h = 5381;

	while (*s)
		h = h * 33 + (unsigned char)*s++;
	return h % BUCKETS;
}

static void count(const char *s)
{
	struct word **p = &buckets[hash(s)], *w;
	size_t n;

	for (; (w = *p) != NULL; p = &w->next)
		if (strcmp(w->text, s) == 0) {
			w->count++;
			return;
		}
	n = strlen(s) + 1;
	*p = w = malloc(sizeof *w + n);
	w->next = NULL;
	w->count = 1;
	memcpy(w->text, s, n);
}

static int compare(const void *a, const void *b)
{
	const struct word *const *x = a, *const *y = b;

	if ((*x)->count != (*y)->count)
		return (*x)->count < (*y)->count ? 1 : -1;
	return strcmp((*x)->text, (*y)->text);
}

/* Sorts, makes a line of each, and frees them. */
static uint64_t report(void)
{
	struct word **sorted, *w;
	size_t n = 0, i;
	char line[100];
	uint64_t sum = 0;

	sorted = malloc(TEXT / 2 * sizeof *sorted);
	for (i = 0; i < BUCKETS; i++) {
		for (w = buckets[i]; w != NULL; w = w->next)
			sorted[n++] = w;
		buckets[i] = NULL;
	}
	qsort(sorted, n, sizeof *sorted, compare);
	for (i = 0; i < n; i++) {
		snprintf(line, sizeof line, "%6u %-20s", sorted[i]->count, sorted[i]->text);
		sum = sum * 7 + hash(line);
		free(sorted[i]);
	}
	free(sorted);
	return sum;
}

static uint64_t work(void)
{
	char *s, *save;

	make_text();
	for (s = text; *s; s++)
		*s = tolower((unsigned char)*s);
	for (s = strtok_r(text, " ,.\n", &save); s; s = strtok_r(NULL, " ,.\n", &save))
		count(s);
	return report();
}
