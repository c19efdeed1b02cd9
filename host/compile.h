/* SPDX-License-Identifier: MIT */
/* From a WebAssembly image to a shared object, by wasm2c and a C compiler. */
#ifndef MUSLIN_COMPILE_H
#define MUSLIN_COMPILE_H

#include <stddef.h>
#include <stdint.h>

struct muslin_stats;
struct wasm;

struct compiler {
	char wasm2c[4096];
	char **cc;		/* with arguments; ends with NULL */
	/*
	 * All that the result depends on but the image: the programs, our
	 * prelude, the options, the processor.
	 */
	char *identity;
	struct muslin_stats *stats;	/* what takes how long; may be NULL */
};

/* 0, -ENOENT or -ENOMEM; error says what to do. */
int compiler_find(struct compiler *c, char *error, size_t n);
void compiler_free(struct compiler *c);

/*
 * Makes *so, *so_size, to be freed.  The image is one that wasm_read() and
 * module.c accept.  progress may be NULL.
 */
int compile(const struct compiler *c, const struct wasm *w,
	    const void *image, size_t size, void **so, size_t *so_size,
	    void (*progress)(void *arg, const char *line), void *arg,
	    char *error, size_t n);

/* cpu-ARCH.c: options for the processor that this is. */
const char *cpu_flags(void);

#endif
