/* SPDX-License-Identifier: MIT */
/*
 * From WebAssembly to C: wasm2c's output with our prelude and our glue.  Used
 * by libmuslin at run time, and by the build's tools.
 */
#ifndef MUSLIN_TRANSLATE_H
#define MUSLIN_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct wasm;
struct workdir;

struct translation {
	const char *wasm2c;	/* its path */
	const struct wasm *w;
	const char *name;	/* a C identifier, and the files' name */
	const struct workdir *dir;	/* where all files are made */
	int parts;		/* NAME.c, or NAME_0.c, NAME_1.c ... */
	/* Of a library, where its words are from the instance; 0: whoever loads it says it. */
	int64_t place;
	char *error;
	size_t n;
};

#define PART_NAME_SIZE 64

/* 0 or -errno, with error set.  Makes NAME.wasm, NAME.h and the parts. */
int translate(struct translation *t, const void *image, size_t size);
/*
 * The same as one text for quick_compile(), to be freed, and without files:
 * dir and parts are not used.  -EOPNOTSUPP if libtcc has no such types.
 */
int translate_text(struct translation *t, const void *image, size_t size,
		   char **text);
/* Writes the headers that the parts include. */
int translate_headers(struct translation *t);
/* The file of a part: suffix "c" or any other. */
void translate_part(const struct translation *t, int i, const char *suffix,
		    char name[PART_NAME_SIZE]);
/*
 * Sets error to WHAT: and the line of the file log in dir that tells what is
 * wrong.  Returns -ENOEXEC.
 */
int translate_failed(struct translation *t, const char *what, const char *log);
/* Sets error to what child_start() says of program.  Returns that. */
int translate_cannot_run(struct translation *t, const char *program, int err);

/* --- their parts --- */

/* All that wasm2c writes, header first, to be freed.  No file is made. */
int translate_capture(struct translation *t, const void *image, size_t size,
		      char **out, size_t *out_size);
/* Whether that has v128, of which this is the header. */
bool translate_has_vectors(const char *text, size_t size);
/* Copies the header of wasm2c's output. */
int translate_header(struct translation *t, const char *text, size_t size,
		     FILE *out);
/* The same for code: all that a program needs of the filters below. */
int translate_code(struct translation *t, const char *text, size_t size,
		   FILE *out);
/* wasm2c has not written what we know: says why. */
int translate_unknown(struct translation *t);

/*
 * Copies one file of wasm2c's output, C or header, and on the way replaces
 * wasm2c's own prelude and makes local variables survive a longjmp.
 * -EINVAL if the file is not what wasm2c 1.0.36 writes.
 */
int prelude_filter(const char *text, size_t size, FILE *out);

/*
 * Copies a file of prelude_filter()'s output, for a program that uses the
 * floating-point environment: fenv.c.
 */
void fenv_filter(const char *text, size_t size, FILE *out);

/*
 * The same for a program that calls setjmp: frames.c.  -EINVAL as above, or
 * -ENOEXEC, with error set.
 */
int frames_filter(struct translation *t, const char *text, size_t size, FILE *out);

/*
 * The same for a program that exports its longjmp's tag: catches.c.  frames_filter()
 * comes after it.
 */
void catches_filter(struct translation *t, const char *text, size_t size, FILE *out);
/* Makes the running thread's words those of the vCPU: words.c. */
int words_filter(struct translation *t, const char *text, size_t size, FILE *out);
/* Has functions look for their instance again when a call has returned: reload.c. */
int reload_filter(struct translation *t, const char *text, size_t size, FILE *out);

/*
 * The same for a module that is linked when it runs: link.c.  The filters above come
 * after it.
 */
int link_filter(struct translation *t, const char *text, size_t size, FILE *out);
/* Copies a header as far as the end of the instance, and adds to that; NULL if it has none. */
const char *link_put_members(const struct wasm *w, const char *text, const char *end, FILE *out);
/* What the code needs, for the end of the header. */
void link_write_header(const struct translation *t, FILE *out);

/* A file as it was at build time.  Arrays of them end with a NULL name. */
struct prelude_file {
	const char *name;
	const char *text, *end;
};

/* The headers that generated C includes. */
const struct prelude_file *prelude_headers(void);
/* What translate_text() begins with. */
const struct prelude_file *prelude_quick(void);
/* What makes that C: other sources make other programs. */
const struct prelude_file *prelude_sources(void);

/*
 * Writes what follows a program's C: its imports and its module_ops, named
 * muslin_module_NAME.  text is the unfiltered file of wasm2c's output that
 * has the function wasm2c_NAME_instantiate.
 */
int glue_write(const struct translation *t, const char *text, size_t size, FILE *out);
/* Of a module that is linked: the types of table calls, for the end of the header. */
void glue_write_types(const struct wasm *w, FILE *out);
/* The calls of imports, for the end of the header. */
void glue_write_imports(const struct wasm *w, FILE *out);

#endif
