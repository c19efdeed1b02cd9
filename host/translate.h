/* SPDX-License-Identifier: MIT */
/* From WebAssembly to C: wasm2c's output with our prelude.  No state. */
#ifndef MUSLIN_TRANSLATE_H
#define MUSLIN_TRANSLATE_H

#include <stddef.h>
#include <stdio.h>

struct wasm;

/*
 * Copies one file of wasm2c's output, C or header, and on the way replaces
 * wasm2c's own prelude and makes local variables survive a longjmp.
 * -EINVAL if the file is not what wasm2c 1.0.36 writes.
 */
int prelude_filter(const char *text, size_t size, FILE *out);

/* The headers that this C includes; ends with a NULL name. */
struct prelude_file {
	const char *name;
	const char *text;
	size_t size;
};

const struct prelude_file *prelude_files(void);

/*
 * Writes what follows a program's C: its imports and its module_ops, named
 * muslin_module_NAME.  text is the unfiltered file of wasm2c's output that
 * has the function wasm2c_NAME_instantiate.
 */
int glue_write(const struct wasm *w, const char *name,
	       const char *text, size_t size, FILE *out);
/* The calls of imports, for the end of the header. */
void glue_write_imports(const struct wasm *w, FILE *out);

#endif
