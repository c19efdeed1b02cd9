/* SPDX-License-Identifier: MIT */
/* What the files that load a module share. */
#ifndef MUSLIN_LOAD_H
#define MUSLIN_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "loader/build.h"
#include "loader/loader.h"
#include "loader/module.h"
#include "wasm/wasm.h"

/* What the words of the library that is part of this one may take, at the first place. */
#define BUILTIN_WORDS (1u << 16)

/* A module that is being made. */
struct load {
	struct loader *loader;
	const char *name;
	const void *image;
	size_t size;
	/* the same, its owner's to free until load_done(); NULL: the module has a copy */
	void *own_image;
	int tier;		/* 0: what the environment says */
	struct muslin_stats *stats;	/* what it takes is added to */
	struct module *mod;
	uint32_t number;	/* of the request to the builder: its owner's choice */
	void *place;		/* for code of the quick tier, while the builder is asked */
	uint64_t begun;
	bool lost;		/* the builder is gone, as was found when it was asked */
	bool builtin;		/* it is part of the machine */
	bool library;
	const struct module_kept *kept;	/* a boot image's, which has native code; or NULL */
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
/* Room for a library's words, until load_give_place(); from any thread. */
int load_place(struct load *l, struct module *mod);
void load_give_place(struct module *mod);
/* Of a library that has one, in another loader: the same there.  0 or -EADDRINUSE. */
int load_take_place(struct load *l, struct module *mod);
/* What machine/link.c needs to know of a module that it links. */
int load_links(struct load *l, struct module *mod);

/* --- kept.c --- */

/* As module_resume(), without becoming one of the loader's. */
int kept_module(struct loader *loader, const struct module_kept *k, struct module **out,
		char error[MODULE_ERROR_SIZE]);
void kept_module_free(struct module *mod);

/* --- native.c: 0 or -errno, with l->error set --- */

/* Asks the builder for native code of l->mod. */
int load_ask(struct load *l);
/* What it said. */
int load_answered(struct load *l, const struct build_result *r, int code);
/* It cannot be asked, or is gone: err. */
int load_unanswered(struct load *l, int err);
/* A line of its progress, as it is told. */
void load_progress(const struct load *l, const char *line, char text[256]);
/* Native code from what l->kept gives. */
int load_given(struct load *l, struct module *mod);
/*
 * A program of the quick tier, again: true if there is something better by
 * now; if not, that is begun.
 */
bool load_outdated(struct module *mod, const char *name);

/*
 * --- module.c: in two steps, of which the first may be all ---
 *
 * A step returns 0: l->mod is complete; LOAD_WAITS: the builder has been asked;
 * or -errno, with l->error set and nothing left.  None looks at the loader's modules.
 */

#define LOAD_WAITS 1

int load_begin(struct load *l);
/* a is the answer; NULL: it will not come, because of err. */
int load_go_on(struct load *l, struct builder_answer *a, int err);
/* Nobody wants it any more: after LOAD_WAITS, or a complete one that no loader has. */
void load_drop(struct load *l);
/* A module that is in no list, and that nobody has, is taken down. */
void load_destroy(struct module *mod);

/* --- modules.c --- */

/* A complete module becomes one of the loader's, in use. */
struct module *load_done(struct load *l);

#endif
