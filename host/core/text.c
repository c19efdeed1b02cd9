/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/text.h"

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

size_t text_piece(const char *s, size_t size, size_t n)
{
	size_t less = n;

	if (size <= n)
		return size;
	while (less > n - 4 && is_continuation(s[less]))
		less--;
	return less;
}
