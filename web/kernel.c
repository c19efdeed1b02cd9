/* SPDX-License-Identifier: MIT */
/*
 * The kernel of an image of a machine (image.js).  A task of it sleeps in the import
 * task_switch.  The functions that were below are made as those that are below a
 * fork: they are left with their variables in memory, and entered again.  All
 * others stay as they are.
 */
#include "fork.h"
#include "reach.h"

static bool is_switch(const struct wasm_import *im)
{
	return im->kind == WASM_FUNC && !strcmp(im->module, "host") && !strcmp(im->name, "task_switch");
}

static void mark(struct rewriter *rw, const uint32_t *functions, uint32_t n)
{
	struct wasm *w = &rw->w;
	uint32_t i;

	for (i = 0; i < w->nimports; i++) {
		if (is_switch(&w->imports[i]))
			rw->reach->nodes[rw->imported] = true;
		rw->imported += w->imports[i].kind == WASM_FUNC;
		rw->kept = rw->imported;
	}
	for (i = 0; i < n; i++) {
		if (functions[i] < rw->imported || functions[i] >= w->nfuncs) {
			fail(&rw->r, "has no function %u to leave", functions[i]);
			return;
		}
		rw->reach->nodes[functions[i]] = true;
		rw->reach->types[w->funcs[functions[i]]] = true;
	}
}

static void function(struct rewriter *rw, uint32_t i)
{
	struct reader *r = &rw->r;
	const uint8_t *end = r->end, *from = r->p;
	uint32_t size = count(r);

	if (!rw->reach->nodes[i]) {
		skip(r, size);
		put_since(rw, &rw->section, from);
		return;
	}
	clear(&rw->body);
	clear(&rw->hints);
	rw->hinted = 0;
	r->end = r->p + size;
	fork_function(rw, i);
	r->end = end;
	put_body(rw);
}

static void code(struct rewriter *rw)
{
	uint32_t n = count(&rw->r), i;

	if (n != rw->w.nfuncs - rw->imported)
		fail(&rw->r, "has %u function bodies", n);
	put_u32(&rw->section, n);
	for (i = 0; i < n && !rw->r.bad; i++)
		function(rw, rw->imported + i);
}

static void section(struct rewriter *rw, uint8_t id)
{
	if (!id)		/* its names take up a third of it */
		return;
	if (id == 10)
		code(rw);
	else
		put_bytes(&rw->section, rw->r.p, rw->r.end - rw->r.p);
	put_section(rw, id);
}

int rewrite_kernel(const void *image, size_t size, uint32_t tlb, const uint32_t *functions, uint32_t n,
		   struct rewritten *out)
{
	struct rewriter rw = { .tlb = tlb, .setjmp = -1, .longjmp = -1, .fenv_get = -1, .fenv_set = -1,
		.kernel = true };
	int err;

	*out = (struct rewritten){ 0 };
	err = wasm_read(image, size, &rw.w, out->error, sizeof(out->error));
	if (err)
		return err;
	rw.r = (struct reader){ .image = image, .p = image, .end = (uint8_t *)image + size,
				.error = out->error, .n = sizeof(out->error) };
	if (reach_make(&rw, -1)) {
		mark(&rw, functions, n);
		if (!rw.r.bad)
			each_section(&rw, image, size, section);
	} else {
		rw.out.bad = true;
	}
	err = give_module(&rw, out);
	rewriter_free(&rw);
	return err;
}
