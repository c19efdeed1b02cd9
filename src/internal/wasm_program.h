#ifndef WASM_PROGRAM_H
#define WASM_PROGRAM_H

#include <features.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a dynamic program and libc.so know of each other, which may be of
 * different versions: crt/wasm32/Scrt1.c and dlstart.c.
 */

#define LIBC_PATH "/lib/ld-musl-wasm32.so.1"

/* The first of libc.so's slots of the function table, those below
 * FIRST_PROGRAM_SLOT are its own.  In it is an entry_function. */
#define FIRST_SLOT 16
#define FIRST_PROGRAM_SLOT 4096

/* <asm/wasm_link.h> */
struct wasm_module {
	uint32_t text, memory_base, table_base, tls, nvalues, values, error, error_size;
};

struct wasm_program {
	size_t size;			/* of this structure */
	long *stack;			/* argc, argv ... */
	int (*main)(int, char **, char **);
	void (*construct)(void);
	/* sets __tls_base, which no library can, and makes the program's block there */
	void (*set_thread)(void *);
	size_t tls_size, tls_align;
	void *end;			/* of its data */
};

/* The program's, in libc.so. */
extern hidden struct wasm_program __program;

/* Gets the mapped file of libc.so, and its memory, which is empty. */
typedef void entry_function(const struct wasm_program *, const void *text, size_t size, void *memory);

#endif
