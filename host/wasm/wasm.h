/* SPDX-License-Identifier: MIT */
/*
 * Reads what a loader has to know about a WebAssembly module.  The image is
 * not trusted; function bodies are left to wasm2c, which validates them.
 */
#ifndef MUSLIN_WASM_H
#define MUSLIN_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WASM_PAGE 65536
/* Local variables, or parameters, that a small module may have in all. */
#define WASM_MAX_VARIABLES 1000000

enum wasm_kind {
	WASM_FUNC,
	WASM_TABLE,
	WASM_MEMORY,
	WASM_GLOBAL,
	WASM_TAG,
};

struct wasm_import {
	char *module;
	char *name;
	enum wasm_kind kind;
	uint32_t type;		/* of a function or tag */
	uint32_t index;		/* among those of its kind */
	uint32_t at, size;	/* in the image: kind and type */
};

struct wasm_export {
	char *name;
	enum wasm_kind kind;
	uint32_t index;
};

struct wasm_table {
	bool funcs;		/* of function references */
	uint32_t min;
};

struct wasm_memory {
	bool shared;
	bool is64;
	uint64_t min;		/* pages */
};

struct wasm_global {
	char type;		/* as in a signature */
	bool mutable;
	bool known;		/* it starts as an i32 that the module says: */
	uint32_t value;
};

/* Indices count imports first, as the module's own do. */
struct wasm {
	uint32_t ntypes, nimports, nfuncs, ntables, nmemories, nglobals, ntags,
		 nexports;
	/*
	 * Signatures: a letter for each parameter, a colon, one for each
	 * result.  i: i32, l: i64, f: f32, d: f64, v: vector, r: reference.
	 */
	char **types;
	struct wasm_import *imports;
	uint32_t *funcs;	/* their types */
	uint32_t *tags;
	struct wasm_table *tables;
	struct wasm_memory *memories;
	struct wasm_global *globals;
	struct wasm_export *exports;
	/*
	 * The functions of the only element segment, if that is a plain one: it begins
	 * at element_base, or, if that is not known, at the value of global element_global.
	 */
	uint32_t *elements;
	uint32_t nelements;
	uint32_t nsegments;	/* of any kind */
	uint32_t ndata;		/* segments of data */
	bool elements_plain, element_known;
	uint32_t element_base, element_global;
	bool dylink;		/* there is a section of that name */
	int64_t start;		/* a function, or -1 */
	size_t code;		/* bytes of function bodies */
};

/* 0, -ENOEXEC or -ENOMEM; error says why. */
int wasm_read(const void *image, size_t size, struct wasm *w,
	      char *error, size_t n);
void wasm_free(struct wasm *w);

const struct wasm_export *wasm_find_export(const struct wasm *w,
					   const char *name);

/*
 * What a program reads and sets the floating-point environment by, if it
 * does: () -> (i32) and (i32) -> ().
 */
#define WASM_FENV_GET "__fenv_get"
#define WASM_FENV_SET "__fenv_set"
bool wasm_uses_fenv(const struct wasm *w);

/*
 * What a program calls to return twice, and to do it: (i32) -> (i32) and
 * (i32, i32) -> (), with a jmp_buf.
 */
#define WASM_SETJMP "__setjmp"
#define WASM_LONGJMP "__longjmp"
bool wasm_uses_setjmp(const struct wasm *w);

/* The tag of longjmp, where that is an exception. */
#define WASM_LONGJMP_TAG "__c_longjmp"
bool wasm_throws_longjmp(const struct wasm *w);
/* The number of the import that is this tag, of a module that is linked, or -1. */
int64_t wasm_longjmp_tag(const struct wasm *w);

/*
 * --- what is linked when it runs (link.c) ---
 *
 * A library imports where it is to be (env.__memory_base); a program that needs one has
 * other imports than system calls and its memory.  Both have a section dylink.0.
 */
bool wasm_is_library(const struct wasm *w);
bool wasm_is_linked(const struct wasm *w);
/* An import of a module that is linked: the program's setjmp, of type (i32) -> (i32). */
bool wasm_is_setjmp(const struct wasm_import *im);
/* The global that it exports as its __tls_base, or -1. */
int64_t wasm_tls_base(const struct wasm *w);
/*
 * The functions that linking puts into the table, in the order of their slots: those
 * of a library's element segment, exported ones that are not among these, and the start
 * function.  A program's own segment is in the table already.  How many; list may be NULL.
 */
uint32_t wasm_slots(const struct wasm *w, uint32_t *list);
/* A name that Muslin knows a program's function, or tag, by. */
bool wasm_is_known_export(const char *name);

/* "(i32 i64) -> i32", cut to n bytes; returns buf */
char *wasm_signature(const char *type, char *buf, size_t n);

/*
 * Rewrites memory.atomic.notify and wait in place, on which wasm2c 1.0.36
 * aborts.  wasm-ld puts them into every __wasm_init_memory, where they are
 * never reached; anywhere else notify wakes nobody and wait traps, since
 * programs wait by futex.  Instructions of relaxed SIMD become others; *relaxed are left,
 * which take several.  Sets inits[i] if there is a memory.init of data segment i.
 */
int wasm_fix_code(void *image, size_t size, bool *inits, uint32_t ninits,
		  uint32_t *relaxed, char *error, size_t n);

/* size bytes that are at offset from in the image and begin at addr in memory */
struct wasm_piece {
	uint32_t addr, size;
	size_t from;
};

/*
 * What is in a new instance's memory when its start function has run: pieces
 * in ascending order, nothing else but zeros.  Only what can be told without
 * running it, that is, active segments and those of wasm-ld's
 * __wasm_init_memory.
 */
struct wasm_data {
	struct wasm_piece *pieces;
	uint32_t n;
	uint32_t end;		/* of the last piece */
	bool whole;		/* no start function writes to them */
};

/* 0 or -ENOMEM.  w is what wasm_read() says of the image. */
int wasm_data_read(const struct wasm *w, const void *image, size_t size,
		   struct wasm_data *d);
void wasm_data_free(struct wasm_data *d);
/*
 * Pieces before it are constant: the value of the exported global __data_start, if
 * a piece begins there and it is a page's first address; or WASM_PAGE.
 */
#define WASM_DATA_START "__data_start"
uint32_t wasm_data_start(const struct wasm *w, const struct wasm_data *d);
/* What is at [addr, addr + n). */
void wasm_data_copy(const struct wasm_data *d, const void *image,
		    uint32_t addr, void *to, uint32_t n);

/*
 * Describes function i, in buf: its name, if the module says it, and where its
 * body is in the file, and begins in its source.
 */
void wasm_describe(const void *image, size_t size, uint32_t i, char *buf, size_t n);
/*
 * "FILE:LINE" of the function whose body is at [from, to) of the code section's contents,
 * or -ENOENT.  That is for people: the module says what it likes.
 */
int wasm_source(const void *image, size_t size, uint32_t from, uint32_t to,
		char *buf, size_t n);
/* Where the body of function i is in the file, or 0. */
size_t wasm_body(const void *image, size_t size, uint32_t i);

/*
 * The module for wasm2c: one that leaves to its loader what wasm_data_read()
 * finds, without custom sections, and fixed by wasm_fix_code().  Makes *out,
 * *out_size; 0, -ENOEXEC or -ENOMEM.
 */
int wasm_strip(const struct wasm *w, const void *image, size_t size,
	       void **out, size_t *out_size, char *error, size_t n);

#endif
