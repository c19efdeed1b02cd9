/* SPDX-License-Identifier: MIT */
/*
 * An engine that has compiled a function anew runs that when it is next called, and
 * never while it runs.  So a function with loops that is called once, as main() is, would stay with
 * the code that was made in haste.  It becomes one that calls itself:
 *
 *	loop
 *	  get x  get y  call what it was  set z
 *	  load fork  const GOES_ON  eq  br_if 0
 *	end
 *	get z
 *
 * and what it was can be left at each loop, and entered there again, as at a call that
 * forks (fork.c).  It is when poll() has been called, every few ms.  Small functions that are
 * called in loops get better without that.
 */
#include <stdlib.h>
#include "adapt.h"
#include "fork.h"
#include "jumps.h"
#include "reenter.h"
#include "walk.h"

struct reenter {
	bool *functions;
	uint32_t n, passed;	/* of those; begun */
	struct bytes bodies, hints;
};

struct loops {
	struct rewriter *rw;
	struct reader r;
	uint8_t *depth;		/* of each function's loops */
	bool *inner;		/* it is called in a loop */
	struct bytes blocks;	/* the opcodes of those that are open */
};

static uint8_t close_one(struct loops *l, uint8_t depth)
{
	if (l->blocks.n)
		depth -= l->blocks.p[--l->blocks.n] == 0x03;
	return depth;
}

static void look_at(struct loops *l, uint32_t f)
{
	struct reader *r = &l->r;
	uint8_t depth = 0;

	clear(&l->blocks);
	for (uint32_t groups = count(r); groups && !r->bad; groups--) {
		u32(r);
		value_type(r);
	}
	while (r->p < r->end && !r->bad && !l->blocks.bad) {
		struct reader at = *r;
		uint8_t code = byte(&at);
		uint32_t callee;

		switch (code) {
		case 0x02: case 0x03: case 0x04: case 0x06:
			put_byte(&l->blocks, code);
			depth += code == 0x03 && depth < UINT8_MAX;
			if (depth > l->depth[f])
				l->depth[f] = depth;
			break;
		case 0x0b: case 0x18:
			depth = close_one(l, depth);
			break;
		case 0x10:
			callee = u32(&at);
			if (depth && callee < l->rw->w.nfuncs)
				l->inner[callee] = true;
		}
		skip_instruction(r);
	}
}

static void look_at_all(struct loops *l)
{
	struct reader *r = &l->r;
	uint32_t n = count(r), i, size;
	const uint8_t *end = r->end;

	for (i = 0; i < n && !r->bad && l->rw->imported + i < l->rw->w.nfuncs; i++) {
		size = count(r);
		r->end = r->p + size;
		look_at(l, l->rw->imported + i);
		r->p = r->end;
		r->end = end;
	}
}

static void choose(struct loops *l)
{
	struct rewriter *rw = l->rw;

	for (uint32_t f = rw->imported; f < rw->w.nfuncs; f++) {
		if (f == rw->longjmp || f == rw->fenv_get || f == rw->fenv_set)
			continue;	/* they get other bodies */
		rw->reenter->functions[f] = l->depth[f] > 1 || (l->depth[f] && !l->inner[f]);
		rw->reenter->n += rw->reenter->functions[f];
	}
}

void find_loops(struct rewriter *rw, const uint8_t *image, size_t size)
{
	struct reader all = { .image = image, .p = image, .end = image + size,
			      .error = rw->r.error, .n = rw->r.n };
	struct loops l = { .rw = rw, .r = all };

	l.depth = calloc(rw->w.nfuncs + 1, 1);
	l.inner = calloc(rw->w.nfuncs + 1, 1);
	rw->reenter = calloc(1, sizeof(*rw->reenter));
	if (rw->reenter)
		rw->reenter->functions = calloc(rw->w.nfuncs + 1, 1);
	if (!l.depth || !l.inner || !rw->reenter || !rw->reenter->functions) {
		rw->out.bad = true;
	} else {
		skip(&l.r, 8);
		while (l.r.p < all.end && !l.r.bad) {
			uint8_t id = byte(&l.r);
			uint32_t n = count(&l.r);

			l.r.end = l.r.p + n;
			if (id == 10)
				look_at_all(&l);
			l.r.p = l.r.end;
			l.r.end = all.end;
		}
		if (!l.r.bad)	/* or rewriting fails, too */
			choose(&l);
	}
	rw->out.bad |= l.blocks.bad;
	if (!reentered(rw))
		reenter_free(rw);
	free(l.depth);
	free(l.inner);
	free(l.blocks.p);
}

bool reenters(const struct rewriter *rw, uint32_t f)
{
	return rw->reenter && rw->reenter->functions[f];
}

uint32_t reentered(const struct rewriter *rw)
{
	return rw->reenter ? rw->reenter->n : 0;
}

void put_reentered_types(struct rewriter *rw)
{
	for (uint32_t f = 0; f < rw->w.nfuncs; f++)
		if (reenters(rw, f))
			put_u32(&rw->section, rw->w.funcs[f]);
}

/* What is in rw->body becomes the body of the next one. */
static void keep(struct rewriter *rw, uint32_t index)
{
	struct reenter *e = rw->reenter;
	struct bytes section = rw->section, all = rw->all_hints;

	rw->section = e->bodies;
	rw->all_hints = e->hints;
	put_body(rw);
	if (rw->hinted && !rw->hints.bad)
		put_hints(rw, index);
	e->bodies = rw->section;
	e->hints = rw->all_hints;
	rw->section = section;
	rw->all_hints = all;
	clear(&rw->body);
	clear(&rw->hints);
	rw->hinted = 0;
}

static uint8_t value_byte(char letter)
{
	return letter == 'i' ? I32 : letter == 'l' ? I64 : letter == 'f' ? F32 : letter == 'd' ? F64 : V128;
}

static void call_again(struct rewriter *rw, uint32_t f, uint32_t index)
{
	const char *type = rw->w.types[rw->w.funcs[f]], *results = results_of(type);
	uint32_t params = params_of(type), i;

	put_u32(&rw->body, *results ? 1 : 0);
	if (*results) {
		put_u32(&rw->body, 1);
		put_byte(&rw->body, value_byte(*results));
	}
	op(rw, 0x03);
	op(rw, 0x40);
	for (i = 0; i < params; i++)
		get(rw, i);
	op_u32(rw, 0x10, moved(rw, index));
	if (*results)
		set(rw, params);
	constant(rw, 0);
	op_u32(rw, 0x28, 2);
	put_u32(&rw->body, rw->tlb + SHARED_AT(fork));
	constant(rw, GOES_ON);
	op(rw, 0x46);
	hint(rw);
	op_u32(rw, 0x0d, 0);
	op(rw, 0x0b);
	if (*results)
		get(rw, params);
	op(rw, 0x0b);
}

/* Is there nothing that fork.c would refuse? */
static bool try_to_make(struct rewriter *rw, uint32_t f)
{
	struct reader before = rw->r;

	if (strlen(results_of(rw->w.types[rw->w.funcs[f]])) > 1 || calls_setjmp(rw, before))
		return false;
	leaving_function(rw, f, true);
	if (!rw->r.bad || rw->r.err == -ENOMEM)
		return true;
	rw->r = before;
	clear(&rw->body);
	clear(&rw->hints);
	rw->hinted = 0;
	return false;
}

bool reenter_function(struct rewriter *rw, uint32_t f)
{
	uint32_t index = rw->w.nfuncs + adapters(rw) + rw->reenter->passed++;

	if (!try_to_make(rw, f)) {
		put_u32(&rw->body, 0);
		op(rw, 0x00);
		op(rw, 0x0b);
		keep(rw, index);
		return false;
	}
	keep(rw, index);
	call_again(rw, f, index);
	return true;
}

void put_reentered_bodies(struct rewriter *rw)
{
	struct reenter *e = rw->reenter;

	if (!e)
		return;
	put_bytes(&rw->section, e->bodies.p, e->bodies.n);
	put_bytes(&rw->all_hints, e->hints.p, e->hints.n);
	rw->section.bad |= e->bodies.bad | e->hints.bad;
}

void reenter_free(struct rewriter *rw)
{
	if (!rw->reenter)
		return;
	free(rw->reenter->functions);
	free(rw->reenter->bodies.p);
	free(rw->reenter->hints.p);
	free(rw->reenter);
	rw->reenter = NULL;
}
