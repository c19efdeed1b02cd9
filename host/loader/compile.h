/* SPDX-License-Identifier: MIT */
/*
 * The optimized tier: from a WebAssembly image to a shared object, by wasm2c
 * and a C compiler.
 */
#ifndef MUSLIN_COMPILE_H
#define MUSLIN_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct muslin_stats;
struct wasm;
struct workdir;

/* --- compiler.c --- */

struct compiler {
	char wasm2c[4096];	/* empty: not found */
	char **cc;		/* with arguments, ends with NULL; NULL: not found */
	/* What any code relies on: our prelude, the processor. */
	char *basis;
	/*
	 * All that the result depends on but the image: basis, the programs,
	 * their options.  NULL if one of them was not found.
	 */
	char *identity;
	struct muslin_stats *stats;	/* what takes how long; may be NULL */
};

#define COMPILER_FENV_OPTIONS 2

/* These end with NULL. */
extern const char *const compiler_cc_options[], *const compiler_ld_options[];
extern const char *const compiler_fenv_options[COMPILER_FENV_OPTIONS + 1];

/* 0 or -ENOMEM */
int compiler_find(struct compiler *c);
void compiler_free(struct compiler *c);
/* -ENOENT without wasm2c, or without a C compiler; error says what to do. */
int compiler_need(const struct compiler *c, bool cc, char *error, size_t n);
/*
 * Where wasm2c or a C compiler is missing, what is in the cache can be used
 * all the same: identity is that of who was last to put something there.
 */
void compiler_recall(struct compiler *c, int cache);
void compiler_remember(const struct compiler *c, int cache);
/* Finds the muslin command: beside this program, or in PATH. */
bool compiler_find_muslin(char *path, size_t n);

/* --- compile.c --- */

/*
 * Compiled programs are there, each where it was linked for, unless somebody
 * else is; machine/arena.h begins above.
 */
#define CODE_ADDRESS	0x100000000000ull
#define CODE_PLACES	0xffff
#define CODE_PLACE	(256ull << 20)

/* Bytes of files that compiling an image of size bytes may take. */
size_t compile_room(size_t size);
/*
 * Makes *so, *so_size, to be freed, in the directory dir.  The image is one that
 * wasm_read() and check.c accept.  progress may be NULL.
 */
int compile(const struct compiler *c, const struct wasm *w,
	    const void *image, size_t size, const struct workdir *dir, void **so, size_t *so_size,
	    void (*progress)(void *arg, const char *line), void *arg,
	    char *error, size_t n);

#endif
