/* SPDX-License-Identifier: MIT */
/*
 * The module that wasm2c translates: the program's, without the data that is found
 * without it (data.c), and with numbers for names.
 */
#include <stdlib.h>
#include "wasm/plan.h"

static uint8_t *put(uint8_t *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return to + n;
}

static uint8_t *put_u32(uint8_t *to, uint32_t v)
{
	for (int i = 0; i < 4; i++, v >>= 7)
		*to++ = v | 128;
	*to++ = v;
	return to;
}

/* The data section, imaged segments being empty. */
static uint8_t *put_segments(const struct plan *p, const uint8_t *body,
			     uint8_t *to)
{
	const struct segment *s = p->segments;
	uint8_t *size = ++to;
	const uint8_t *from = body;

	to[-1] = 11;
	to += 5;
	for (uint32_t i = 0; i < p->nsegments; i++, s++) {
		if (!s->imaged)
			continue;
		to = put(to, from, s->head - from);
		*to++ = 0;
		from = s->bytes + s->size;
	}
	to = put(to, from, p->r.end - from);
	put_u32(size, to - size - 5);
	return to;
}

static uint8_t *put_name(uint8_t *to, const char *name, unsigned int number)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%s%u", name, number);

	*to++ = n;
	return put(to, text, n);
}

/* Number i becomes env.iI: translate/link.c. */
static uint8_t *put_imports(const struct plan *p, uint8_t *to)
{
	uint8_t *size = ++to;

	to[-1] = 2;
	to = put_u32(to + 5, p->w->nimports);
	for (uint32_t i = 0; i < p->w->nimports; i++) {
		const struct wasm_import *im = &p->w->imports[i];

		to = put(to, "\3env", 4);
		to = put_name(to, "i", i);
		to = put(to, p->r.image + im->at, im->size);
	}
	put_u32(size, to - size - 5);
	return to;
}

/* What translate/ looks for by its name. */
static bool is_looked_for(const struct wasm_export *e)
{
	static const char *const names[] = {
		"__stack_pointer", "__tls_base", "__indirect_function_table", WASM_LONGJMP_TAG,
		"__cpp_exception",
	};

	if (e->kind == WASM_FUNC)
		return wasm_is_known_export(e->name);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(e->name, names[i]))
			return true;
	return false;
}

static uint8_t *put_export(const struct wasm_export *e, uint8_t *to)
{
	*to++ = e->kind;
	return put_u32(to, e->index);
}

/*
 * Those first, of a program: wasm2c calls a function by the first name of its.  Then other
 * functions, by their numbers.
 */
static uint8_t *put_exports(const struct wasm *w, uint8_t *to)
{
	uint8_t *size = ++to, *count = to + 5;
	bool *has = calloc(w->nfuncs + 1, sizeof(*has)), library = wasm_is_library(w);
	uint32_t n = 0;

	to[-1] = 7;
	to += 10;
	for (uint32_t i = 0; has && !library && i < w->nexports; i++) {
		const struct wasm_export *e = &w->exports[i];

		if (!is_looked_for(e))
			continue;
		if (e->kind == WASM_FUNC)
			has[e->index] = true;
		to = put_u32(to, strlen(e->name));
		to = put(to, e->name, strlen(e->name));
		to = put_export(e, to);
		n++;
	}
	for (uint32_t i = 0; has && i < w->nexports; i++) {
		const struct wasm_export *e = &w->exports[i];

		if (e->kind != WASM_FUNC || has[e->index])
			continue;
		has[e->index] = true;
		to = put_name(to, "f", e->index);
		to = put_export(e, to);
		n++;
	}
	free(has);
	put_u32(count, n);
	put_u32(size, to - size - 5);
	return to;
}

/* What of the module's names could be longer then: see put_imports(), put_exports(). */
static size_t room(const struct wasm *w, size_t size)
{
	return size + 64 + 24 * (size_t)(w->nimports + w->nexports);
}

/* All but custom sections and what is in the image. */
static size_t put_module(struct plan *p, uint32_t relaxed, uint8_t *to)
{
	struct reader *r = &p->r;
	const uint8_t *from;
	uint8_t *begin = to;
	int last = 0, id;

	r->p = r->image;
	r->end = p->end;
	r->bad = false;
	read_header(r);
	to = put(to, r->image, r->p - r->image);
	for (from = r->p; (id = next_section(r, p->end, &last)) >= 0; from = r->p) {
		if (id == 11 && p->nsegments)
			to = put_segments(p, r->p, to);
		else if (id == 2 && wasm_is_linked(p->w))
			to = put_imports(p, to);
		else if (id == 7)
			to = put_exports(p->w, to);
		else if (id == 10 && relaxed)
			to = put_relaxed_code(r, p->w, to);
		else if (id)
			to = put(to, from, r->end - from);
		r->p = r->end;
	}
	return to - begin;
}

int wasm_strip(const struct wasm *w, const void *image, size_t size,
	       void **out, size_t *out_size, char *error, size_t n)
{
	uint8_t *copy = malloc(size), *to = NULL;
	uint32_t relaxed = 0;
	struct wasm_data d;
	char why[32];
	struct plan p;
	bool *inits = NULL;
	int r = -ENOMEM;

	if (copy)
		r = plan_init(&p, w, image, size, &d, why);
	if (r)
		goto out;
	memcpy(copy, image, size);
	plan_edit(&p, copy);
	inits = calloc(p.nsegments + 1, sizeof(*inits));
	r = -ENOMEM;
	if (!inits)
		goto out_plan;
	r = wasm_fix_code(copy, size, inits, p.nsegments, &relaxed, error, n);
	if (r)
		goto out_plan;
	to = malloc(room(w, size) + relaxed_room(relaxed, w->nfuncs));
	if (!to) {
		r = -ENOMEM;
		goto out_plan;
	}
	/* what the program itself initialises memory with, threads' TLS */
	for (uint32_t i = 0; i < p.nsegments; i++)
		p.segments[i].imaged &= p.segments[i].active || !inits[i];
	/* the same bytes but for code */
	for (uint32_t i = 0; i < p.nsegments; i++) {
		p.segments[i].head = copy + (p.segments[i].head - p.r.image);
		p.segments[i].bytes = copy + (p.segments[i].bytes - p.r.image);
	}
	p.end = copy + size;
	p.r.image = copy;
	*out_size = put_module(&p, relaxed, to);
	*out = to;
	to = NULL;
out_plan:
	free(inits);
	free(p.segments);
	wasm_data_free(&d);
out:
	if (r == -ENOMEM)
		snprintf(error, n, "out of memory");
	free(to);
	free(copy);
	return r;
}
