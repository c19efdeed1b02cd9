/* SPDX-License-Identifier: MIT */
/* What of a module is linked when it runs: doc/abi.md. */
#include <stdlib.h>
#include <string.h>
#include "wasm/wasm.h"

static bool is(const struct wasm_import *im, enum wasm_kind kind, const char *name)
{
	return im->kind == kind && !strcmp(im->module, "env") && !strcmp(im->name, name);
}

bool wasm_is_library(const struct wasm *w)
{
	for (uint32_t i = 0; w->dylink && i < w->nimports; i++)
		if (is(&w->imports[i], WASM_GLOBAL, "__memory_base"))
			return true;
	return false;
}

bool wasm_is_linked(const struct wasm *w)
{
	for (uint32_t i = 0; w->dylink && i < w->nimports; i++) {
		const struct wasm_import *im = &w->imports[i];

		if (im->kind != WASM_MEMORY &&
		    (im->kind != WASM_FUNC || strcmp(im->module, "linux")))
			return true;
	}
	return false;
}

bool wasm_is_setjmp(const struct wasm_import *im)
{
	return is(im, WASM_FUNC, "setjmp") || is(im, WASM_FUNC, WASM_SETJMP);
}

int64_t wasm_longjmp_tag(const struct wasm *w)
{
	for (uint32_t i = 0; w->dylink && i < w->nimports; i++)
		if (is(&w->imports[i], WASM_TAG, WASM_LONGJMP_TAG))
			return i;
	return -1;
}

int64_t wasm_tls_base(const struct wasm *w)
{
	const struct wasm_export *e = wasm_find_export(w, "__tls_base");

	return e && e->kind == WASM_GLOBAL ? (int64_t)e->index : -1;
}

bool wasm_is_known_export(const char *name)
{
	static const char *const known[] = {
		"_start", WASM_FENV_GET, WASM_FENV_SET, WASM_SETJMP, WASM_LONGJMP,
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

uint32_t wasm_slots(const struct wasm *w, uint32_t *list)
{
	bool *has = calloc(w->nfuncs + 1, sizeof(*has)), library = wasm_is_library(w);
	uint32_t n = 0;

	if (!has)
		return 0;
	for (uint32_t i = 0; i < w->nelements; i++) {
		has[w->elements[i]] = true;
		if (library && list)
			list[n] = w->elements[i];
		n += library;
	}
	for (uint32_t i = 0; i < w->nexports; i++) {
		const struct wasm_export *e = &w->exports[i];

		if (e->kind != WASM_FUNC || has[e->index])
			continue;
		has[e->index] = true;
		if (list)
			list[n] = e->index;
		n++;
	}
	if (library && w->start >= 0) {
		if (list)
			list[n] = w->start;
		n++;
	}
	free(has);
	return n;
}
