/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "devices/console.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/switch.h"

#define CONSOLE_MOST (1u << 20)	/* bytes, at once */

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* How many bytes its first character has; 0: it is not to be shown. */
static size_t character(const unsigned char *s, size_t n)
{
	size_t i, len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (len == 1)
		return s[0] >= ' ' && s[0] != 127;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	for (i = 1; i < len; i++)
		if (!is_continuation(s[i]))
			return 0;
	/* U+0080 to U+009F, and what has a shorter form */
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xf0 && s[1] < 0x90))
		return 0;
	return len;
}

size_t printable(char *to, const char *from, size_t n, bool lines)
{
	const char *end = from + n;
	char *start = to;
	size_t len;

	for (; from < end; from += len) {
		len = character((const unsigned char *)from, end - from);
		if (lines && *from == '\r') {
			len = 1;
			continue;
		}
		if (lines && (*from == '\n' || *from == '\t'))
			len = 1;
		if (len) {
			memmove(to, from, len);
			to += len;
		} else {
			*to++ = '?';
			len = 1;
		}
	}
	return to - start;
}

/* No more of s than n bytes, and no part of a character that goes on behind. */
static size_t piece(const char *s, size_t size, size_t n)
{
	size_t less = n;

	if (size <= n)
		return size;
	while (less > n - 4 && is_continuation(s[less]))
		less--;
	return less;
}

void console_write(struct muslin *m, const char *s, size_t n)
{
	uint32_t env = fenv_get();
	char text[512];
	size_t len;

	if (!m->log)
		return;
	/* the embedder's code: not in a program's rounding mode */
	fenv_set(0);
	for (; n; s += len, n -= len) {
		len = piece(s, n, sizeof(text));
		m->log(m->callback_arg, text, printable(text, s, len, true));
	}
	fenv_set(env);
}

/* The embedder's code must not fault on the kernel's memory, nor see it change. */
void console_copy(struct muslin *m, uint32_t s, uint32_t n)
{
	const char *p = kmem(m, s, n);
	char copy[512];
	size_t k;

	for (; n; n -= k, p += k) {
		k = piece(p, n, sizeof(copy));
		memcpy(copy, p, k);
		console_write(m, copy, k);
	}
}

void w2c_host_console_write(struct w2c_host *h, u32 s, u32 n)
{
	struct muslin *m = machine(h);

	if (n > CONSOLE_MOST)
		machine_refuse(m, "passed a message of %u bytes", n);
	console_copy(m, s, n);
}
