/* SPDX-License-Identifier: MIT */
/* Is it a program for this kernel? */
#include <errno.h>
#include <string.h>

#include "loader/load.h"
#include "translate/translate.h"

/* glue.c compares each with all others, and no compiler makes as many */
#define MAX_TYPES 10000
#define MAX_IMPORTS 10000
/* so does wasm2c: half a minute for 20,000 */
#define MAX_EXPORTS 10000
#define MAX_TABLE 10000000
/* Addresses are 32 bits wide, and the stack needs some. */
#define MAX_PAGES 65534

static const struct kernel_export *find_export(const struct loader *loader, const char *import)
{
	static const char prefix[] = "__syscall_";

	if (strncmp(import, prefix, strlen(prefix)))
		return NULL;
	for (unsigned int i = 0; i < loader->nexports; i++)
		if (!strcmp(loader->exports[i].name, import + strlen(prefix)))
			return &loader->exports[i];
	return NULL;
}

static int check_function(struct load *l, const struct wasm_import *im,
			  void **thunk)
{
	const struct kernel_export *e = find_export(l->loader, im->name);
	const char *type = l->w.types[im->type];
	char theirs[80], ours[80];

	if (strcmp(im->module, "linux") || !e)
		return load_refuse(l, -ENOEXEC, "imports %.40s.%.60s, which this kernel does not export",
			      im->module, im->name);
	if (strcmp(type, e->type))
		return load_refuse(l, -ENOEXEC, "linux.%s has type %s, the kernel's is %s",
			      im->name, wasm_signature(type, theirs, sizeof(theirs)),
			      wasm_signature(e->type, ours, sizeof(ours)));
	*thunk = l->loader->counting && !l->builtin ? e->counting : e->thunk;
	return 0;
}

static int check_import(struct load *l, const struct wasm_import *im,
			void **thunk)
{
	*thunk = NULL;
	if (im->kind != WASM_MEMORY && wasm_is_linked(&l->w) && strcmp(im->module, "linux"))
		return load_check_linked(l, im);
	switch (im->kind) {
	case WASM_FUNC:
		return check_function(l, im, thunk);
	case WASM_MEMORY:
		if (!strcmp(im->module, "env") && !strcmp(im->name, "memory"))
			return 0;
		/* fall through */
	default:
		return load_refuse(l, -ENOEXEC, "imports %.40s.%.60s, which is not a system call",
			      im->module, im->name);
	}
}

static int check_memory(struct load *l)
{
	const struct wasm *w = &l->w;

	if (w->nmemories > 1)
		return load_refuse(l, -ENOEXEC, "has %u memories", w->nmemories);
	for (uint32_t i = 0; i < w->nimports; i++) {
		if (w->imports[i].kind != WASM_MEMORY)
			continue;
		if (w->memories[0].is64)
			return load_refuse(l, -ENOEXEC, "has a 64-bit memory");
		if (w->memories[0].min > MAX_PAGES)
			return load_refuse(l, -ENOEXEC, "needs %llu MB of memory, more than there are addresses",
				      (unsigned long long)w->memories[0].min / 16);
		return 0;
	}
	return load_refuse(l, -ENOEXEC, "does not import env.memory");
}

static const struct wasm_export *need_export(struct load *l, const char *name,
					     enum wasm_kind kind)
{
	const struct wasm_export *e = wasm_find_export(&l->w, name);

	if (e && e->kind == kind)
		return e;
	load_refuse(l, -ENOEXEC, "does not export %s", name);
	return NULL;
}

static int check_global(struct load *l, const char *name)
{
	const struct wasm_export *e = need_export(l, name, WASM_GLOBAL);
	const struct wasm_global *g;

	if (!e)
		return -ENOEXEC;
	g = &l->w.globals[e->index];
	if (g->type != 'i' || !g->mutable)
		return load_refuse(l, -ENOEXEC, "%s is not a mutable i32", name);
	return 0;
}

static int check_start(struct load *l)
{
	const struct wasm_export *e = need_export(l, "_start", WASM_FUNC);
	const char *type;
	char buf[80];

	if (!e)
		return -ENOEXEC;
	type = l->w.types[l->w.funcs[e->index]];
	if (strcmp(type, "i:"))
		return load_refuse(l, -ENOEXEC, "_start has type %s instead of (i32) -> ()",
			      wasm_signature(type, buf, sizeof(buf)));
	return 0;
}

static int check_table(struct load *l)
{
	if (!need_export(l, "__indirect_function_table", WASM_TABLE))
		return -ENOEXEC;
	if (l->w.ntables != 1 || !l->w.tables[0].funcs)
		return load_refuse(l, -ENOEXEC, "has %u tables instead of one of functions",
			      l->w.ntables);
	if (l->w.tables[0].min > MAX_TABLE)
		return load_refuse(l, -ENOEXEC, "has a table of %u functions",
			      l->w.tables[0].min);
	return 0;
}

static int check_tags(struct load *l)
{
	for (uint32_t i = 0; i < l->w.ntags; i++) {
		const char *type = l->w.types[l->w.tags[i]];

		if (strlen(type) > MUSLIN_EXCEPTION_VALUES + 1 ||
		    type[strlen(type) - 1] != ':' || strpbrk(type, "rv"))
			return load_refuse(l, -ENOEXEC, "has an exception with more than numbers");
	}
	return 0;
}

static int check_types(struct load *l)
{
	if (l->w.ntypes > MAX_TYPES)
		return load_refuse(l, -ENOEXEC, "has %u types of functions", l->w.ntypes);
	return 0;
}

/* Ours takes its place: fenv.c, frames.c. */
static int check_replaced(struct load *l, const char *name, const char *type)
{
	const struct wasm_export *e = wasm_find_export(&l->w, name);
	char buf[80], ours[80];
	const char *theirs;

	if (!e)
		return 0;
	if (e->kind != WASM_FUNC)
		return load_refuse(l, -ENOEXEC, "%s is not a function", name);
	theirs = l->w.types[l->w.funcs[e->index]];
	if (strcmp(theirs, type))
		return load_refuse(l, -ENOEXEC, "%s has type %s instead of %s", name,
			      wasm_signature(theirs, buf, sizeof(buf)),
			      wasm_signature(type, ours, sizeof(ours)));
	return 0;
}

static bool is_import(const struct load *l, uint32_t function)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->w.nimports; i++)
		n += l->w.imports[i].kind == WASM_FUNC;
	return function < n;
}

/* Other names of it are not wasm2c's to see: wasm/strip.c. */
static int check_jump(struct load *l, const char *name, const char *type)
{
	const struct wasm_export *e = wasm_find_export(&l->w, name);
	int r = check_replaced(l, name, type);

	if (r || !e || !is_import(l, e->index))
		return r;
	return load_refuse(l, -ENOEXEC, "%s is an import", name);
}

/* A byte makes a function of a type with 1,000 parameters, and wasm2c pages. */
static int check_parameters(struct load *l)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < l->w.nfuncs && n <= WASM_MAX_VARIABLES + l->size; i++)
		n += strlen(l->w.types[l->w.funcs[i]]);
	if (n <= WASM_MAX_VARIABLES + l->size)
		return 0;
	return load_refuse(l, -ENOEXEC, "has functions with more than %zu parameters in all",
		      WASM_MAX_VARIABLES + l->size);
}

int load_check_common(struct load *l, void **thunks)
{
	int r = 0;

	if (l->w.nimports > MAX_IMPORTS)
		return load_refuse(l, -ENOEXEC, "has %u imports", l->w.nimports);
	if (l->w.nexports > MAX_EXPORTS)
		return load_refuse(l, -ENOEXEC, "has %u exports", l->w.nexports);
	for (uint32_t i = 0; i < l->w.nimports && !r; i++)
		r = check_import(l, &l->w.imports[i], &thunks[i]);
	if (!r)
		r = check_types(l);
	if (!r)
		r = check_parameters(l);
	if (!r)
		r = check_memory(l);
	return r ? r : check_tags(l);
}

int load_check(struct load *l, void **thunks)
{
	int r = 0;

	if (wasm_is_library(&l->w))
		return load_refuse(l, -ENOEXEC, "is a shared library");
	r = load_check_common(l, thunks);
	if (!r)
		r = check_start(l);
	if (!r)
		r = check_global(l, "__stack_pointer");
	if (!r)
		r = check_global(l, "__tls_base");
	if (!r)
		r = check_table(l);
	if (!r)
		r = check_replaced(l, WASM_FENV_GET, ":i");
	if (!r)
		r = check_replaced(l, WASM_FENV_SET, "i:");
	if (!r)
		r = check_jump(l, WASM_SETJMP, "i:i");
	if (!r)
		r = check_jump(l, WASM_LONGJMP, "ii:");
	return r;
}
