/* SPDX-License-Identifier: MIT */
/* Shared libraries: what they may be, and where their words are. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "loader/load.h"

/* More than any process should have, and less than the host cannot do without. */
#define MAX_WORDS (1u << 20)
#define PAGE 4096u

/* --- checks --- */

static int refuse_import(struct load *l, const struct wasm_import *im, const char *why)
{
	return load_refuse(l, -ENOEXEC, "imports %.40s.%.60s, %s", im->module, im->name, why);
}

/* What a C compiler makes of others depends on the module: glue.c does not know it. */
static bool is_plain(const char *type)
{
	return !strchr(type, 'r') && strlen(strchr(type, ':')) <= 2;
}

/* Of a module that is linked: what is no system call. */
int load_check_linked(struct load *l, const struct wasm_import *im)
{
	const struct wasm_global *g = &l->w.globals[im->index];
	bool env = !strcmp(im->module, "env"), got = !strncmp(im->module, "GOT.", 4);

	switch (im->kind) {
	case WASM_FUNC:
		if (wasm_is_setjmp(im) && strcmp(l->w.types[im->type], "i:i"))
			return refuse_import(l, im, "whose type is not (i32) -> i32");
		if (!is_plain(l->w.types[im->type]))
			return refuse_import(l, im, "with references, or more than one result");
		return env ? 0 : refuse_import(l, im, "which is no function of a library");
	case WASM_GLOBAL:
		if (env && !strcmp(im->name, "__stack_pointer"))
			return g->type == 'i' && g->mutable ? 0 :
				refuse_import(l, im, "which is not a mutable i32");
		/* wasm-ld has those of its GOT mutable, and never changes one */
		return (env || got) && g->type == 'i' && g->mutable == got ? 0 :
			refuse_import(l, im, "which is no address");
	case WASM_TABLE:
		return env && !strcmp(im->name, "__indirect_function_table") &&
			l->w.tables[im->index].funcs ? 0 :
			refuse_import(l, im, "which is not the table of functions");
	case WASM_TAG:
		return env ? 0 : refuse_import(l, im, "which is no exception");
	default:
		return refuse_import(l, im, "which no library can have");
	}
}

static int check_globals(struct load *l)
{
	uint32_t imported = 0;

	for (uint32_t i = 0; i < l->w.nimports; i++)
		imported += l->w.imports[i].kind == WASM_GLOBAL;
	for (uint32_t i = imported; i < l->w.nglobals; i++)
		if (l->w.globals[i].type != 'i' || !l->w.globals[i].known)
			return load_refuse(l, -ENOEXEC, "has global %u, which does not begin as an i32 that it says",
					   i);
	return 0;
}

static int check_elements(struct load *l)
{
	const struct wasm_import *im = NULL;

	if (!l->w.nsegments)
		return 0;
	for (uint32_t i = 0; i < l->w.nimports; i++)
		if (l->w.imports[i].kind == WASM_GLOBAL &&
		    l->w.imports[i].index == l->w.element_global)
			im = &l->w.imports[i];
	if (l->w.nsegments != 1 || !l->w.ntables || !l->w.elements_plain || l->w.element_known || !im ||
	    strcmp(im->module, "env") || strcmp(im->name, "__table_base"))
		return load_refuse(l, -ENOEXEC, "has elements that are not at __table_base");
	return 0;
}

static int check_exports(struct load *l)
{
	for (uint32_t i = 0; i < l->w.nexports; i++)
		if (wasm_is_known_export(l->w.exports[i].name))
			return load_refuse(l, -ENOEXEC, "exports %.60s, which only a program can",
					   l->w.exports[i].name);
	return 0;
}

static int check_start(struct load *l)
{
	if (l->w.start >= 0 && strcmp(l->w.types[l->w.funcs[l->w.start]], ":"))
		return load_refuse(l, -ENOEXEC, "has a start function with parameters");
	return 0;
}

int load_check_library(struct load *l, void **thunks)
{
	int r;

	if (!wasm_is_library(&l->w))
		return load_refuse(l, -ENOEXEC, "is not a shared library");
	r = load_check_common(l, thunks);
	if (!r && l->w.ntables > 1)
		r = load_refuse(l, -ENOEXEC, "has %u tables", l->w.ntables);
	if (!r)
		r = check_globals(l);
	if (!r)
		r = check_elements(l);
	if (!r)
		r = check_exports(l);
	return r ? r : check_start(l);
}

/* --- what linking needs --- */

static int by_name(const void *a, const void *b)
{
	const struct module_export *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int64_t module_export(const struct module *mod, const char *name)
{
	const struct module_export key = { .name = name }, *e;

	e = mod->nexports ? bsearch(&key, mod->exports, mod->nexports, sizeof(key), by_name) :
		NULL;
	return e ? (int64_t)e->slot : -1;
}

static int find_exports(struct module *mod)
{
	const struct wasm *w = &mod->wasm;
	uint32_t n = wasm_slots(w, NULL);
	uint32_t *list = calloc(n + 1, sizeof(*list)), *slot = calloc(w->nfuncs + 1, sizeof(*slot));

	mod->exports = calloc(w->nexports + 1, sizeof(*mod->exports));
	if (!list || !slot || !mod->exports) {
		free(list);
		free(slot);
		return -ENOMEM;
	}
	wasm_slots(w, list);
	/* from behind: the first slot of a function counts, and start's is the last */
	for (uint32_t i = n; i--;)
		slot[list[i]] = i + 1;
	for (uint32_t i = 0; i < w->nexports; i++) {
		const struct wasm_export *e = &w->exports[i];

		if (e->kind == WASM_FUNC && slot[e->index])
			mod->exports[mod->nexports++] = (struct module_export) {
				e->name, slot[e->index] - 1,
			};
	}
	qsort(mod->exports, mod->nexports, sizeof(*mod->exports), by_name);
	free(list);
	free(slot);
	return 0;
}

static wasm_rt_func_type_t find_type(const struct module_ops *ops, const char *signature)
{
	for (const struct muslin_type *t = ops->types; t->type; t++)
		if (!strcmp(t->signature, signature))
			return t->type;
	return NULL;
}

static int find_types(struct module *mod)
{
	const struct wasm *w = &mod->wasm;

	mod->import_types = calloc(w->nimports + 1, sizeof(*mod->import_types));
	if (!mod->import_types)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->nimports; i++)
		if (w->imports[i].kind == WASM_FUNC)
			mod->import_types[i] = find_type(mod->ops, w->types[w->imports[i].type]);
	return 0;
}

/* What wasm2c's structure can have, and translate/link.c adds to it. */
static uint64_t most_words(const struct wasm *w)
{
	uint64_t n = 16 + 2ull * w->nimports + 2ull * w->nglobals + w->ntypes + w->ndata / 64;

	return (n * sizeof(uint64_t) + PAGE - 1) & -(uint64_t)PAGE;
}

/* Of the lists of all loaders: modules are made, and dropped, by the threads of jobs, too. */
static pthread_mutex_t places = PTHREAD_MUTEX_INITIALIZER;

/* The first place with that room from at on, among those of other libraries. */
static uint64_t find_place(const struct loader *loader, uint64_t room, uint64_t at)
{
	const struct module *other = loader->placed;

	while (other) {
		uint64_t end = other->place + other->room;

		if (at < end && other->place < at + room) {
			at = end;
			other = loader->placed;
		} else {
			other = other->next_placed;
		}
	}
	return at;
}

static void place(struct loader *loader, struct module *mod, uint64_t at, uint64_t room)
{
	mod->place = at;
	mod->room = room;
	mod->next_placed = loader->placed;
	loader->placed = mod;
}

/*
 * Those of all modules are at different places, so that a process can have any of them:
 * behind what is left to the library that is part of this one (tools/translate.c).  What
 * an image has is where it was, or nowhere.
 */
int load_place(struct load *l, struct module *mod)
{
	uint64_t room = most_words(&l->w), at;

	if (room > MAX_WORDS)
		return load_refuse(l, -ENOEXEC, "imports too much");
	if (mod->ops) {
		mod->place = mod->ops->link->place - MUSLIN_MODULES;
		return 0;
	}
	/* nobody's, as yet: load_take_place() */
	if (l->kept) {
		mod->place = l->kept->place;
		mod->room = room;
		return 0;
	}
	pthread_mutex_lock(&places);
	at = find_place(l->loader, room, BUILTIN_WORDS);
	if (at + room <= MODULE_WORDS)
		place(l->loader, mod, at, room);
	pthread_mutex_unlock(&places);
	return mod->room ? 0 : load_refuse(l, -ENFILE, "there are too many libraries");
}

int load_take_place(struct load *l, struct module *mod)
{
	int r = 0;

	if (!mod->room)
		return 0;
	pthread_mutex_lock(&places);
	if (mod->place + mod->room > MODULE_WORDS ||
	    find_place(l->loader, mod->room, mod->place) != mod->place)
		r = load_refuse(l, -EADDRINUSE, "its place among libraries is taken");
	else
		place(l->loader, mod, mod->place, mod->room);
	pthread_mutex_unlock(&places);
	return r;
}

void load_give_place(struct module *mod)
{
	struct module **p;

	if (!mod->room)
		return;
	pthread_mutex_lock(&places);
	for (p = &mod->owner->placed; *p && *p != mod; p = &(*p)->next_placed)
		;
	/* an original, and what failed, is in no list */
	if (*p)
		*p = mod->next_placed;
	pthread_mutex_unlock(&places);
}

int load_links(struct load *l, struct module *mod)
{
	if (!l->library && !wasm_is_linked(&mod->wasm) && !mod->ops->link->nslots) {
		wasm_free(&mod->wasm);
		memset(&mod->wasm, 0, sizeof(mod->wasm));
		return 0;
	}
	if (find_exports(mod) || find_types(mod))
		return load_no_memory(l);
	if (l->library && mod->ops->link->slot)
		*mod->ops->link->slot = MUSLIN_MODULES + mod->place;
	return 0;
}
