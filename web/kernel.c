/* SPDX-License-Identifier: MIT */
/*
 * The kernel of an image of a machine (image.js).  A task of it sleeps in the import
 * task_switch.  The functions that were below are made as those that are below a
 * fork: they are left with their variables in memory, and entered again.  All
 * others stay as they are.
 */
#include <stdlib.h>
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

static bool prepare(struct rewriter *rw)
{
	struct reach *reach = rw->reach = calloc(1, sizeof(*reach));

	if (!reach)
		return false;
	reach->clone = -1;
	reach->nodes = calloc(rw->w.nfuncs + 1, 1);
	reach->types = calloc(rw->w.ntypes + 1, 1);
	reach->clones = calloc(rw->w.nfuncs + 1, 1);
	return reach->nodes && reach->types && reach->clones;
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
	put_u32(&rw->section, rw->body.n);
	put_bytes(&rw->section, rw->body.p, rw->body.n);
	rw->section.bad |= rw->body.bad;
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

static void sections(struct rewriter *rw, const uint8_t *image, size_t size)
{
	struct reader *r = &rw->r;

	skip(r, 8);
	put_bytes(&rw->out, image, 8);
	while (r->p < image + size && !r->bad) {
		uint8_t id = byte(r);
		uint32_t n = count(r);

		r->end = r->p + n;
		if (id == 10)
			code(rw);
		else
			put_bytes(&rw->section, r->p, n);
		if (id)		/* its names take up a third of it */
			put_section(rw, id);
		clear(&rw->section);
		r->p = r->end;
		r->end = image + size;
	}
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
	if (prepare(&rw)) {
		mark(&rw, functions, n);
		if (!rw.r.bad)
			sections(&rw, image, size);
	} else {
		rw.out.bad = true;
	}
	if (rw.r.bad)
		err = rw.r.err;
	else if (rw.out.bad)
		err = -ENOMEM;
	if (!err) {
		out->module = rw.out.p;
		out->size = rw.out.n;
		rw.out.p = NULL;
	}
	rewriter_free(&rw);
	return err;
}
