/* SPDX-License-Identifier: MIT */
/* The quick tier: native code at once, in memory, by libtcc. */
#ifndef MUSLIN_QUICK_H
#define MUSLIN_QUICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module_ops;

/* It runs where p says, and nowhere else. */
struct quick_code {
	void *p;
	size_t size;
	const struct module_ops *ops;
	/* where each function begins, but those imported, and where the last ends */
	const uint8_t *const *functions;
};

/*
 * From the C that translate_text() makes, to code at place, where room
 * addresses should be free.  0, -ENOMEM, -EADDRINUSE, -ENOEXEC, or -EOPNOTSUPP if
 * this needs a compiler that is no toy; error says why.  Once in a process: libtcc may
 * not come back from where it was when there was no more memory.
 */
int quick_compile(const char *text, void *place, size_t room,
		  struct quick_code *code, char *error, size_t n);

/* --- quick-code.c: where it is to run --- */

/* Addresses that are free, for QUICK_PLACE bytes of code; NULL. */
void *quick_reserve(void);
/* The same where a boot image has it; false: they are taken, or no such place. */
bool quick_reserve_at(void *place);
void quick_release(void *place);
/*
 * Takes the first code->size bytes of fd, a file that nobody can change, into
 * the place code->p, whose other addresses are free again.  0 or -errno; the
 * place is gone then.
 */
int quick_map(struct quick_code *code, int fd);
void quick_free(struct quick_code *code);
static inline bool quick_has(const struct quick_code *code, const uint8_t *pc)
{
	return code->p && (size_t)(pc - (const uint8_t *)code->p) < code->size;
}

/* The number of the function that pc is in, or -1. */
int64_t quick_function(const struct quick_code *code, const uint8_t *pc);

/* quick-rt.c; ends with a NULL name */
struct quick_symbol {
	const char *name;
	const void *p;
};

extern const struct quick_symbol quick_symbols[];

#endif
