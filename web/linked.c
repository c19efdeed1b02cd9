/* SPDX-License-Identifier: MIT */
/*
 * A process has one memory, one table and one stack pointer for all its modules.  A function
 * of another module is called by its slot of the table, which is in a global: the module may be
 * linked again, with other values.  All values are globals, which two functions that the module
 * exports copy to memory and back: thousands of exports would make a fork slow.  A library's
 * functions come into the table when it is instantiated, by an element segment that has them all.
 *
 * How a type is known in all modules: by a number that is made of its signature.  Two
 * may have the same one; then the engine's own check ends the program.
 */
#include <stdlib.h>
#include "adapt.h"
#include "jumps.h"
#include "linked.h"
#include "reenter.h"

#define SIGSEGV 11
#define SEGV_MAPERR 1
/* As natively: host/loader/check.c */
#define MAX_IMPORTS 10000
#define MAX_EXPORTS 10000
/* So that they have room in memory: layout.h. */
#define MAX_GLOBALS ((VALUES_END - VALUES) / 4)

static bool is_env(const struct wasm_import *im, const char *name)
{
	return !strcmp(im->module, "env") && !strcmp(im->name, name);
}

static bool is_call(const struct wasm_import *im)
{
	return !strcmp(im->module, "linux");
}

uint32_t type_number(const char *type)
{
	uint32_t h = 2166136261;

	for (; *type; type++)
		h = (h ^ (uint8_t)*type) * 16777619;
	return h ? h : 1;
}

/* --- what it may be: as host/loader/library.c has it --- */

static void refuse_import(struct rewriter *rw, const struct wasm_import *im, const char *why)
{
	fail(&rw->r, "imports %.40s.%.60s, %s", im->module, im->name, why);
}

static void check_function(struct rewriter *rw, const struct wasm_import *im)
{
	const char *type = rw->w.types[im->type];

	if (is_call(im))
		return;
	if (wasm_is_setjmp(im) && strcmp(type, "i:i"))
		refuse_import(rw, im, "whose type is not (i32) -> i32");
	else if (strchr(type, 'r') || strlen(strchr(type, ':')) > 2)
		refuse_import(rw, im, "with references, or more than one result");
	else if (strcmp(im->module, "env"))
		refuse_import(rw, im, "which is no function of a library");
}

static void check_global(struct rewriter *rw, const struct wasm_import *im)
{
	const struct wasm_global *g = &rw->w.globals[im->index];
	bool got = !strncmp(im->module, "GOT.", 4);

	if (is_env(im, "__stack_pointer")) {
		if (g->type != 'i' || !g->mutable)
			refuse_import(rw, im, "which is not a mutable i32");
	} else if ((strcmp(im->module, "env") && !got) || g->type != 'i' || g->mutable != got) {
		refuse_import(rw, im, "which is no address");
	}
}

static void check_import(struct rewriter *rw, const struct wasm_import *im)
{
	switch (im->kind) {
	case WASM_FUNC:
		check_function(rw, im);
		break;
	case WASM_GLOBAL:
		check_global(rw, im);
		break;
	case WASM_TABLE:
		if (!is_library(rw) || !is_env(im, "__indirect_function_table") ||
		    !rw->w.tables[im->index].funcs)
			refuse_import(rw, im, "which is not the table of functions");
		break;
	case WASM_TAG:
		if (strcmp(im->module, "env"))
			refuse_import(rw, im, "which is no exception");
		break;
	case WASM_MEMORY:
		break;
	}
}

static uint32_t imported(const struct wasm *w, enum wasm_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->nimports; i++)
		n += w->imports[i].kind == kind;
	return n;
}

static const struct wasm_import *import_of(const struct wasm *w, enum wasm_kind kind, uint32_t index)
{
	for (uint32_t i = 0; i < w->nimports; i++)
		if (w->imports[i].kind == kind && w->imports[i].index == index)
			return &w->imports[i];
	return NULL;
}

static void check_elements(struct rewriter *rw)
{
	const struct wasm *w = &rw->w;
	const struct wasm_import *im = import_of(w, WASM_GLOBAL, w->element_global);

	if (w->nsegments && (w->nsegments != 1 || !w->ntables || !w->elements_plain || w->element_known ||
			     !im || !is_env(im, "__table_base")))
		fail(&rw->r, "has elements that are not at __table_base");
}

static void check_library(struct rewriter *rw)
{
	const struct wasm *w = &rw->w;
	uint32_t i;

	if (w->ntables > imported(w, WASM_TABLE) || w->ntables > 1)
		fail(&rw->r, "has a table of its own");
	if (w->ntags > imported(w, WASM_TAG))
		fail(&rw->r, "has an exception that it does not import");
	for (i = imported(w, WASM_GLOBAL); i < w->nglobals; i++)
		if (w->globals[i].type != 'i' || !w->globals[i].known)
			fail(&rw->r, "has global %u, which does not begin as an i32 that it says", i);
	check_elements(rw);
	for (i = 0; i < w->nexports; i++)
		if (wasm_is_known_export(w->exports[i].name))
			fail(&rw->r, "exports %.60s, which only a program can", w->exports[i].name);
	if (w->start >= 0 && strcmp(w->types[w->funcs[w->start]], ":"))
		fail(&rw->r, "has a start function with parameters");
}

/* What is not there any more cannot be named. */
static void check_others(struct rewriter *rw)
{
	const struct wasm *w = &rw->w;
	uint32_t i;

	for (i = 0; i < w->nexports; i++)
		if (w->exports[i].kind == WASM_FUNC && is_others(rw, w->exports[i].index))
			fail(&rw->r, "exports %.60s, which it imports", w->exports[i].name);
	for (i = 0; i < w->nelements; i++)
		if (is_others(rw, w->elements[i]))
			fail(&rw->r, "has a function in its table that it imports");
	if (w->start >= 0 && is_others(rw, w->start))
		fail(&rw->r, "imports its start function");
}

/* A program that has no dynamic linker may be one. */
static bool calls_link(const struct wasm *w)
{
	for (uint32_t i = 0; i < w->nimports; i++)
		if (is_call(&w->imports[i]) && !strcmp(w->imports[i].name, "__syscall_wasm_link"))
			return true;
	return false;
}

/* --- new numbers --- */

static void number_functions(struct rewriter *rw)
{
	uint32_t f = 0, kept = 0;

	for (uint32_t i = 0; i < rw->w.nimports; i++) {
		if (rw->w.imports[i].kind != WASM_FUNC)
			continue;
		rw->linked->functions[f++] = is_call(&rw->w.imports[i]) ? kept++ : DROPPED;
	}
	rw->kept = kept;
}

static void number_globals(struct rewriter *rw)
{
	struct linked *l = rw->linked;
	const struct wasm *w = &rw->w;
	uint32_t n = l->library ? PROCESS_GLOBALS : 0, first = n, g = 0, f;

	for (uint32_t i = 0; i < w->nimports; i++) {
		const struct wasm_import *im = &w->imports[i];

		if (im->kind != WASM_GLOBAL)
			continue;
		l->globals[g++] = l->library && is_env(im, "__stack_pointer") ? STACK_POINTER :
			l->library && is_env(im, "__table_base") ? TABLE_BASE : n++;
	}
	l->first = first;
	l->replaced = n - first;
	for (; g < w->nglobals; g++)
		l->globals[g] = n++;
	l->types = n++;
	l->tls = n++;
	for (f = 0; f < rw->imported; f++)
		if (is_others(rw, f)) {
			l->slots[f] = n++;
			l->nslots++;
		}
	l->end = n;
	if (n - first > MAX_GLOBALS)
		fail(&rw->r, "has %u globals", n - first);
}

void find_linked(struct rewriter *rw, bool library)
{
	const struct wasm *w = &rw->w;
	struct linked *l;

	if (wasm_is_library(w) != library) {
		fail(&rw->r, library ? "is not a shared library" : "is a shared library");
		return;
	}
	if (!library && !wasm_is_linked(w) && !calls_link(w))
		return;
	l = rw->linked = calloc(1, sizeof(*l));
	if (l) {
		l->functions = calloc(w->nimports + 1, sizeof(*l->functions));
		l->slots = calloc(w->nimports + 1, sizeof(*l->slots));
		l->globals = calloc(w->nglobals + 1, sizeof(*l->globals));
	}
	if (!l || !l->functions || !l->slots || !l->globals) {
		rw->out.bad = true;
		return;
	}
	l->library = library;
	l->tls_base = library ? wasm_tls_base(w) : -1;
	if (w->nimports > MAX_IMPORTS || w->nexports > MAX_EXPORTS)
		fail(&rw->r, "has %u imports and %u exports", w->nimports, w->nexports);
	for (uint32_t i = 0; i < w->nimports && !rw->r.bad; i++)
		check_import(rw, &w->imports[i]);
	if (library && !rw->r.bad)
		check_library(rw);
	if (!library && w->nsegments && !w->element_known)
		fail(&rw->r, "has functions in its table whose place is not known");
	number_functions(rw);
	check_others(rw);
	number_globals(rw);
}

void linked_free(struct rewriter *rw)
{
	struct linked *l = rw->linked;

	if (!l)
		return;
	free(l->functions);
	free(l->slots);
	free(l->globals);
	free(l);
	rw->linked = NULL;
}

/* --- code --- */

bool is_others(const struct rewriter *rw, uint32_t f)
{
	return rw->linked && f < rw->imported && rw->linked->functions[f] == DROPPED;
}

/* Its type was compared when it was linked, and no function leaves the table. */
void call_others(struct rewriter *rw, uint32_t f)
{
	uint32_t slot = rw->linked->slots[f];

	op_u32(rw, 0x23, slot);
	op(rw, 0x45);
	if_unlikely(rw);
	constant(rw, SIGSEGV);
	constant(rw, SEGV_MAPERR);
	call(rw, TRAP);
	op(rw, 0x0b);
	op_u32(rw, 0x23, slot);
	op_u32(rw, 0x11, rw->w.funcs[f]);
	put_u32(&rw->body, 0);
}

void linked_global(struct rewriter *rw, uint8_t code, uint32_t global)
{
	const struct linked *l = rw->linked;

	if (global >= rw->w.nglobals) {
		fail(&rw->r, "has no global %u", global);
	} else if (global != l->tls_base) {
		op_u32(rw, code, l->globals[global]);
	} else if (code == 0x24) {	/* it is the program's to set */
		op(rw, 0x1a);
	} else {
		op_u32(rw, 0x23, TLS_BASE);
		op_u32(rw, 0x23, l->tls);
		op(rw, 0x6a);
	}
}

/* --- sections --- */

static void put_import(struct bytes *s, const char *module, const char *name, const void *what, size_t n)
{
	put_name(s, module);
	put_name(s, name);
	put_bytes(s, what, n);
}

static void put_process(struct bytes *s)
{
	put_import(s, "process", "stack_pointer", "\3\x7f\1", 3);
	put_import(s, "process", "tls_base", "\3\x7f\1", 3);
	put_import(s, "process", "table_base", "\3\x7f\0", 3);
	put_import(s, "process", "table", "\1\x70\0\0", 4);
}

static bool imports_jump(const struct rewriter *rw)
{
	return is_library(rw) && rw->setjmp >= 0;
}

void linked_imports(struct rewriter *rw)
{
	struct bytes *s = &rw->section, all = { 0 };
	uint32_t n = 0;
	char name[16];

	for (uint32_t i = 0; i < rw->w.nimports; i++) {
		const struct wasm_import *im = &rw->w.imports[i];

		if (im->kind == WASM_FUNC && is_call(im)) {
			put_import(&all, im->module, im->name, "\0", 1);
			put_u32(&all, im->type);
		} else if (im->kind == WASM_MEMORY) {
			put_import(&all, im->module, im->name, "\2\3\1\x80\x80\4", 6);
		} else if (im->kind == WASM_TAG) {
			snprintf(name, sizeof(name), "%u", i);
			put_import(&all, "tag", name, "\4\0", 2);
			put_u32(&all, im->type);
		} else {
			continue;
		}
		n++;
	}
	if (is_library(rw)) {
		put_process(&all);
		n += 4;
	}
	if (imports_jump(rw)) {
		put_import(&all, "process", "jump", "\4", 1);
		put_jump_tag(&all, rw);
		n++;
	}
	put_u32(s, n + rw->added);
	put_bytes(s, all.p, all.n);
	s->bad |= all.bad;
	free(all.p);
}

/* It grows. */
void linked_table(struct rewriter *rw)
{
	put_bytes(&rw->section, "\1\x70\0", 3);
	put_u32(&rw->section, rw->w.ntables ? rw->w.tables[0].min : 0);
}

static void put_zeros(struct bytes *s, uint32_t n)
{
	while (n--)
		put_bytes(s, "\x7f\1\x41\0\x0b", 5);
}

/* What is replaced, the module's own from where r is, and ours. */
void linked_globals(struct rewriter *rw)
{
	struct linked *l = rw->linked;
	uint32_t n = count(&rw->r);

	put_u32(&rw->section, l->replaced + n + 2 + l->nslots);
	put_zeros(&rw->section, l->replaced);
	put_own_globals(rw, n);
	put_zeros(&rw->section, 2 + l->nslots);
}

void linked_elements(struct rewriter *rw)
{
	uint32_t n = wasm_slots(&rw->w, NULL), i, *list = calloc(n + 1, sizeof(*list));

	if (!list) {
		rw->out.bad = true;
		return;
	}
	wasm_slots(&rw->w, list);
	put_u32(&rw->section, 1);
	put_bytes(&rw->section, "\0\x23", 2);
	put_u32(&rw->section, TABLE_BASE);
	put_byte(&rw->section, 0x0b);
	put_u32(&rw->section, n);
	for (i = 0; i < n; i++)
		put_u32(&rw->section, moved(rw, list[i]));
	free(list);
}

/* --- functions of ours: (i32) -> () --- */

enum { STORE, LOAD, CALL_AS, FUNCTIONS };

static uint32_t function_of_ours(const struct rewriter *rw, uint32_t which)
{
	return moved(rw, rw->w.nfuncs) + adapters(rw) + reentered(rw) + which;
}

uint32_t linked_functions(const struct rewriter *rw)
{
	return rw->linked ? FUNCTIONS : 0;
}

void put_linked_types(struct rewriter *rw)
{
	for (uint32_t i = 0; i < linked_functions(rw); i++)
		put_u32(&rw->section, rw->w.ntypes + ADAPT);
}

/* Is it an i32 that can be set, among those from first on? */
static bool is_value(const struct rewriter *rw, uint32_t global)
{
	const struct linked *l = rw->linked;
	uint32_t own = global - l->first - l->replaced, imports = imported(&rw->w, WASM_GLOBAL);

	if (global < l->first + l->replaced || own >= rw->w.nglobals - imports)
		return true;
	return rw->w.globals[imports + own].mutable && rw->w.globals[imports + own].type == 'i';
}

/* All values, at the address that is the argument. */
static void transfer(struct rewriter *rw, bool store)
{
	const struct linked *l = rw->linked;

	for (uint32_t g = l->first; g < l->end; g++) {
		if (!is_value(rw, g))
			continue;
		get(rw, 0);
		if (store)
			op_u32(rw, 0x23, g);
		op_u32(rw, store ? 0x36 : 0x28, 2);
		put_u32(&rw->body, 4 * (g - l->first));
		if (!store)
			op_u32(rw, 0x24, g);
	}
}

void put_linked_bodies(struct rewriter *rw)
{
	for (uint32_t i = 0; i < linked_functions(rw); i++) {
		clear(&rw->body);
		op(rw, 0);
		if (i == CALL_AS)
			call_as(rw);
		else
			transfer(rw, i == STORE);
		op(rw, 0x0b);
		put_body(rw);
	}
}

/* A program's table has room behind what is in it. */
static uint32_t export_slots(struct rewriter *rw)
{
	uint32_t n = wasm_slots(&rw->w, NULL), i, *list = calloc(n + 1, sizeof(*list));
	char name[32];

	if (!list) {
		rw->out.bad = true;
		return 0;
	}
	wasm_slots(&rw->w, list);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "muslin.slot.%u", i);
		put_export(&rw->section, name, WASM_FUNC, moved(rw, list[i]));
	}
	free(list);
	return n;
}

uint32_t linked_exports(struct rewriter *rw)
{
	uint32_t n = FUNCTIONS;

	if (!rw->linked)
		return 0;
	put_export(&rw->section, "muslin.store", WASM_FUNC, function_of_ours(rw, STORE));
	put_export(&rw->section, "muslin.load", WASM_FUNC, function_of_ours(rw, LOAD));
	put_export(&rw->section, "muslin.adapt", WASM_FUNC, function_of_ours(rw, CALL_AS));
	if (rw->linked->library)
		return n;
	n += export_slots(rw);
	if (rw->setjmp < 0)
		return n;
	put_export(&rw->section, "muslin.jump", WASM_TAG, rw->w.ntags);
	return n + 1;
}

/* --- what the host has to know --- */

static void put_text(struct bytes *b, const char *s)
{
	put_bytes(b, s, strlen(s) + 1);
}

static void put_number(struct bytes *b, uint32_t n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	put_text(b, text);
}

/* The number of its value, or the one behind the last, if it has none. */
static uint32_t value_of(const struct rewriter *rw, const struct wasm_import *im)
{
	const struct linked *l = rw->linked;

	if (im->kind == WASM_FUNC && is_others(rw, im->index))
		return l->slots[im->index] - l->first;
	if (im->kind == WASM_GLOBAL && l->globals[im->index] >= l->first)
		return l->globals[im->index] - l->first;
	return l->end - l->first;
}

static void describe_imports(const struct rewriter *rw, struct bytes *to)
{
	const struct linked *l = rw->linked;
	const struct wasm *w = &rw->w;

	put_number(to, l->end - l->first);
	put_number(to, l->types - l->first);
	put_number(to, l->tls - l->first);
	put_number(to, w->nimports);
	for (uint32_t i = 0; i < w->nimports; i++) {
		const struct wasm_import *im = &w->imports[i];

		put_number(to, im->kind);
		put_text(to, im->kind == WASM_FUNC ? w->types[im->type] : "");
		put_text(to, im->module);
		put_text(to, im->name);
		put_number(to, value_of(rw, im));
	}
}

static void describe_functions(const struct wasm *w, struct bytes *to, const uint32_t *list, uint32_t n)
{
	put_number(to, n);
	for (uint32_t i = 0; i < n; i++)
		put_text(to, list[i] < w->nfuncs ? w->types[w->funcs[list[i]]] : "");
}

/* Names of functions that have slots, the first slot of each. */
static void describe_exports(struct rewriter *rw, struct bytes *to, const uint32_t *list, uint32_t n)
{
	const struct wasm *w = &rw->w;
	uint32_t *slot = calloc(w->nfuncs + 1, sizeof(*slot)), i, named = 0;
	struct bytes names = { 0 };

	if (!slot) {
		rw->out.bad = true;
		return;
	}
	for (i = n; i--;)
		slot[list[i]] = i + 1;
	for (i = 0; i < w->nexports; i++) {
		const struct wasm_export *e = &w->exports[i];

		if (e->kind != WASM_FUNC || !slot[e->index])
			continue;
		put_text(&names, e->name);
		put_number(&names, slot[e->index] - 1);
		named++;
	}
	put_number(to, named);
	put_bytes(to, names.p, names.n);
	to->bad |= names.bad;
	free(names.p);
	free(slot);
}

void describe_linked(struct rewriter *rw, struct bytes *to)
{
	const struct wasm *w = &rw->w;
	uint32_t n = wasm_slots(w, NULL), *list = calloc(n + 1, sizeof(*list));
	bool own = !is_library(rw) && w->element_known;

	if (!list) {
		rw->out.bad = true;
		return;
	}
	wasm_slots(w, list);
	describe_imports(rw, to);
	describe_functions(w, to, list, n);
	describe_exports(rw, to, list, n);
	/* what a program's table has */
	put_number(to, w->ntables ? w->tables[0].min : 0);
	put_number(to, own ? w->element_base : 0);
	describe_functions(w, to, w->elements, own ? w->nelements : 0);
	describe_adapters(rw, to);
	rw->out.bad |= to->bad;
	free(list);
}
