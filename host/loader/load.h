/* SPDX-License-Identifier: MIT */
/* What the files that load a module share. */
#ifndef MUSLIN_LOAD_H
#define MUSLIN_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "loader/loader.h"
#include "loader/module.h"
#include "wasm/wasm.h"

/* What one module_load() works on. */
struct load {
	struct loader *loader;
	const char *name;
	const void *image;
	size_t size;
	bool builtin;		/* init, which is part of the machine */
	bool library;
	const void *so;		/* native code that is given */
	size_t so_size;
	struct wasm w;
	char *error;
};

/* Sets l->error, one line that begins with the program's name; returns err. */
int load_refuse(struct load *l, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int load_no_memory(struct load *l);

/* --- check.c --- */

/* Is it a program for this kernel?  Sets thunks, one for each import. */
int load_check(struct load *l, void **thunks);
/* What is the same for a library: imports, types, its memory, its exceptions. */
int load_check_common(struct load *l, void **thunks);

/* --- library.c --- */

/* Of an import that is no system call, of what is linked when it runs. */
int load_check_linked(struct load *l, const struct wasm_import *im);
/* Is it a library for this kernel?  Sets thunks, too. */
int load_check_library(struct load *l, void **thunks);
/* Room for a library's words. */
int load_place(struct load *l, struct module *mod);
/* What machine/link.c needs to know of a module that it links. */
int load_links(struct load *l, struct module *mod);

/* --- native.c: 0 or -errno, with l->error set --- */

/* Makes native code, or finds it, for mod. */
int load_native(struct load *l, struct module *mod);
/* The same from what l->so gives. */
int load_given(struct load *l, struct module *mod);
/*
 * A program of the quick tier, again: true if there is something better by
 * now; if not, that is begun.
 */
bool load_outdated(struct module *mod, const char *name);

#endif
