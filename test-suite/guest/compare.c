/* SPDX-License-Identifier: MIT */
/* memcmp() and strcmp(): any length and alignment, and no byte behind the end. */
#include <string.h>
#include <sys/mman.h>
#include "test.h"

#define PAGE 65536
enum { LONGEST = 40 };

static int sign(int x) { return (x > 0) - (x < 0); }

/* The compiler must not do it itself. */
static int (*volatile mem)(const void *, const void *, size_t) = memcmp;
static int (*volatile str)(const char *, const char *) = strcmp;

/* The last bytes before memory that is not there. */
static unsigned char *at_end(void)
{
	unsigned char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	t_check(p != MAP_FAILED);
	t_check(mprotect(p + PAGE, PAGE, PROT_NONE) == 0);
	return p + PAGE;
}

static void compare(unsigned char *x, unsigned char *y, int n, int where, int a, int b)
{
	int want = where < n ? sign(a - b) : 0;

	memset(x, 'x', n);
	memset(y, 'x', n);
	if (where < n) {
		x[where] = a;
		y[where] = b;
	}
	if (sign(mem(x, y, n)) != want)
		t_error("memcmp of %d bytes, %d and %d at %d\n", n, a, b, where);
	if (n == 0)
		return;
	x[n - 1] = y[n - 1] = 0;
	if (where == n - 1)
		want = 0;
	if (sign(str((char *)x, (char *)y)) != want)
		t_error("strcmp of %d bytes, %d and %d at %d\n", n, a, b, where);
}

int main(void)
{
	unsigned char *x = at_end(), *y = at_end();
	static const unsigned char pairs[][2] = {
		{ 1, 2 }, { 2, 1 }, { 0x7f, 0x80 }, { 0xff, 1 }, { 0, 1 }, { 0xff, 0 },
	};

	for (int n = 0; n <= LONGEST; n++)
		for (int where = 0; where <= n; where++)
			for (int shift = 0; shift < 9; shift++)
				for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
					compare(x - n, y - n - shift, n, where, pairs[i][0], pairs[i][1]);
					compare(x - n - shift, y - n, n, where, pairs[i][0], pairs[i][1]);
				}
	/* what is behind the end of a string is not compared */
	memcpy(x - 16, "abc\0defghijklmn", 16);
	memcpy(y - 16, "abc\0xyzghijklmn", 16);
	t_check(str((char *)x - 16, (char *)y - 16) == 0);
	return t_status;
}
