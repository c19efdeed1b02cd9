/* SPDX-License-Identifier: MIT */
/* The quick tier: native code at once, in memory, by libtcc. */
#ifndef MUSLIN_QUICK_H
#define MUSLIN_QUICK_H

#include <stddef.h>
#include <stdint.h>

struct module_ops;

struct quick_code {
	void *p;
	size_t size;
	const struct module_ops *ops;
	/* where each function begins, but those imported, and where the last ends */
	const uint8_t *const *functions;
};

/*
 * From the C that translate_text() makes.  0, -ENOMEM, or -ENOEXEC if this
 * needs a compiler that is no toy; error says why.
 */
int quick_compile(const char *text, struct quick_code *code, char *error, size_t n);
void quick_free(struct quick_code *code);
/* The number of the function that pc is in, or -1. */
int64_t quick_function(const struct quick_code *code, const uint8_t *pc);

/* quick-rt.c; ends with a NULL name */
struct quick_symbol {
	const char *name;
	const void *p;
};

extern const struct quick_symbol quick_symbols[];

#endif
