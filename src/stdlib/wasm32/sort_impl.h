/* SPDX-License-Identifier: MIT */
/*
 * qsort()'s and qsort_r()'s algorithm, for elements of WIDTH bytes: SORT() is the
 * name of a function for these, CMP a type, and COMPARE(a, b) calls one.
 *
 * What an indirect call costs decides.  Merging makes the fewest comparisons, but
 * wants memory: what fits in a buffer on the stack is merged, what is longer is
 * split by quick sort until it does.  Who knows the choice of pivots can make all
 * splits bad; heap sort takes over where there are too many of them.  Nothing is
 * allocated or kept, and n elements take O(n log n) comparisons, or n - 1 if they
 * are sorted.
 */

static void SORT(swap)(const struct sort *s, char *a, char *b)
{
	char old[64];
	size_t w = WIDTH, n;

	(void)s;
	for (; w; w -= n, a += n, b += n) {
		n = w < sizeof old ? w : sizeof old;
		memcpy(old, a, n);
		memcpy(a, b, n);
		memcpy(b, old, n);
	}
}

/* The halves of n elements at a are sorted, and one of them fits in the buffer. */
static void SORT(merge)(const struct sort *s, char *a, size_t half, size_t n)
{
	char *left = s->buffer, *right = a + half * WIDTH;
	char *left_end = left + half * WIDTH, *end = a + n * WIDTH;

	if (COMPARE(right - WIDTH, right) <= 0)
		return;
	memcpy(left, a, half * WIDTH);
	while (left < left_end && right < end) {
		if (COMPARE(left, right) <= 0) {
			memcpy(a, left, WIDTH);
			left += WIDTH;
		} else {
			memcpy(a, right, WIDTH);
			right += WIDTH;
		}
		a += WIDTH;
	}
	memcpy(a, left, left_end - left);
}

static void SORT(by_merging)(const struct sort *s, char *a, size_t n)
{
	size_t half = n / 2;

	if (n < 2)
		return;
	SORT(by_merging)(s, a, half);
	SORT(by_merging)(s, a + half * WIDTH, n - half);
	SORT(merge)(s, a, half, n);
}

/* Elements that are too large for the buffer. */
static void SORT(by_insertion)(const struct sort *s, char *a, size_t n)
{
	char *end = a + n * WIDTH, *p, *q;

	for (p = a + WIDTH; p < end; p += WIDTH)
		for (q = p; q > a && COMPARE(q - WIDTH, q) > 0; q -= WIDTH)
			SORT(swap)(s, q - WIDTH, q);
}

static void SORT(sift)(const struct sort *s, char *a, size_t i, size_t n)
{
	size_t child;

	while (i < n / 2) {
		child = 2 * i + 1;
		if (child + 1 < n && COMPARE(a + child * WIDTH, a + (child + 1) * WIDTH) < 0)
			child++;
		if (COMPARE(a + i * WIDTH, a + child * WIDTH) >= 0)
			return;
		SORT(swap)(s, a + i * WIDTH, a + child * WIDTH);
		i = child;
	}
}

static void SORT(by_heap)(const struct sort *s, char *a, size_t n)
{
	size_t i;

	for (i = n / 2; i-- > 0; )
		SORT(sift)(s, a, i, n);
	for (i = n; i-- > 1; ) {
		SORT(swap)(s, a, a + i * WIDTH);
		SORT(sift)(s, a, 0, i);
	}
}

static char *SORT(median)(const struct sort *s, char *a, char *b, char *c)
{
	if (COMPARE(a, b) > 0) {
		char *old = a;

		a = b;
		b = old;
	}
	return COMPARE(b, c) <= 0 ? b : COMPARE(a, c) > 0 ? a : c;
}

/* Of nine elements, the median of three medians. */
static char *SORT(pivot)(const struct sort *s, char *a, size_t n)
{
	size_t step = n / 8 * WIDTH;
	char *last = a + (n - 1) * WIDTH, *middle = a + n / 2 * WIDTH;

	return SORT(median)(s, SORT(median)(s, a, a + step, a + 2 * step),
			    SORT(median)(s, middle - step, middle, middle + step),
			    SORT(median)(s, last - 2 * step, last - step, last));
}

/*
 * What is less than the pivot comes before it, what is greater behind it; what is
 * equal goes to both sides, so that they stay even.  Where the pivot is then.
 */
static char *SORT(split)(const struct sort *s, char *a, size_t n)
{
	char *low = a, *high = a + n * WIDTH;

	SORT(swap)(s, a, SORT(pivot)(s, a, n));
	for (;;) {
		do
			low += WIDTH;
		while (low < high && COMPARE(low, a) < 0);
		do
			high -= WIDTH;
		while (high > a && COMPARE(high, a) > 0);
		if (low >= high)
			break;
		SORT(swap)(s, low, high);
	}
	SORT(swap)(s, a, high);
	return high;
}

static int SORT(is_sorted)(const struct sort *s, char *a, size_t n)
{
	char *end = a + n * WIDTH;

	for (a += WIDTH; a < end; a += WIDTH)
		if (COMPARE(a - WIDTH, a) > 0)
			return 0;
	return 1;
}

static void SORT(sort_part)(const struct sort *s, char *a, size_t n, int bad)
{
	char *p;
	size_t left, right;

	while (n > s->most) {
		if (!bad) {
			SORT(by_heap)(s, a, n);
			return;
		}
		p = SORT(split)(s, a, n);
		left = (p - a) / WIDTH;
		right = n - left - 1;
		if (left < n / 8 || right < n / 8)
			bad--;
		/* the longer side by the loop: the stack is log n deep */
		if (left < right) {
			SORT(sort_part)(s, a, left, bad);
			a = p + WIDTH;
			n = right;
		} else {
			SORT(sort_part)(s, p + WIDTH, right, bad);
			n = left;
		}
	}
	if (s->merges)
		SORT(by_merging)(s, a, n);
	else
		SORT(by_insertion)(s, a, n);
}

static void SORT(sort)(const struct sort *s, char *a, size_t n)
{
	if (!SORT(is_sorted)(s, a, n))
		SORT(sort_part)(s, a, n, 8 * sizeof n - __builtin_clzl(n));
}

#undef SORT
#undef WIDTH
