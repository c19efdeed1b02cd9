/* SPDX-License-Identifier: MIT */
/* Lines of C, from p to end, as the filters of wasm2c's output look at them. */
#ifndef MUSLIN_LINES_H
#define MUSLIN_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool begins(const char *p, const char *end, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(end - p) >= n && !memcmp(p, s, n);
}

/* Where s is, or NULL. */
static inline const char *find(const char *p, const char *end, const char *s)
{
	return memmem(p, end - p, s, strlen(s));
}

/* Where the next line begins, or end. */
static inline const char *next_line(const char *p, const char *end)
{
	p = memchr(p, '\n', end - p);
	return p ? p + 1 : end;
}

/* Is the line of a function that was WebAssembly's?  was: its predecessor is. */
static inline bool in_code(bool was, const char *p, const char *end)
{
	return *p != '}' && (was || begins(p, end, "  FUNC_PROLOGUE;"));
}

#endif
