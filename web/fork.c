/* SPDX-License-Identifier: MIT */
/*
 * fork.  No program can copy its engine's stack.  So a function that can be
 * below a fork is made to leave at the call that it is in: it puts its variables
 * into a frame and returns (it unwinds); when it is called again, it takes them
 * from there and goes to that call, which does the same (it rewinds).  The
 * frames are copied when the first function has returned.
 *
 * Calls that may fork are sites, numbered from 1 on in the order of the code; a
 * block with sites in it is a site, too, for what is around it.  Operands are put
 * into variables before a site and taken from there after it, so that nothing
 * else is on the stack:
 *
 *	block  get resume  br_if 0		a segment, up to the operands
 *	  ...  set x  set y
 *	end
 *	block  get resume  LAST  gt_u  br_if 0	or go on looking
 *	  const 0  set resume
 *	  get x  get y  call f
 *	  load fork  if  const SITE  set resume  br to the frame's making  end
 *	  set z
 *	end
 *
 * A segment behind which there is no site in its block is only reached when
 * nothing is to be looked for.  A handler of exceptions cannot be entered again:
 * a fork in or below it is made to fail (barrier).
 *
 * A function that calls setjmp is entered again, too, in a loop that it is put into.  One
 * that is left at its loops (reenter.c) has a site at the begin of each.
 */
#include <stdlib.h>
#include "adapt.h"
#include "fork.h"
#include "jumps.h"
#include "reach.h"
#include "walk.h"

#define NTYPES 6
/* Each call has code for all of them. */
#define MAX_OPERANDS 1000
static const char letters[NTYPES + 1] = "ilfdvr";

/* A part of a block: up to its else, catch or end. */
struct region {
	uint32_t last;		/* site in it, or 0 */
	uint32_t block_last;	/* in all parts, of the first one */
};

/* A block that is being made. */
struct shape {
	uint32_t label;		/* how many were open, with it */
	uint32_t last, block_last;
	bool around;		/* a block around it is open, to go past it */
	bool in_handler;
	bool condition;		/* an operand of ours lies below it */
};

struct forking {
	struct rewriter *rw;
	struct walk walk;
	uint32_t f;
	struct bytes regions, shapes, numbers;
	uint32_t nregions;	/* begun */
	uint32_t labels;	/* open in what is made */
	uint32_t site;		/* the last one that was passed */
	bool guarded;		/* in a segment, with a block around it */
	uint32_t resume, nlocals;	/* the site to go to; all variables */
	struct bytes kinds;	/* of those that are added */
	struct bytes spills;	/* uint32_t [NTYPES] for each operand's place, 0: none */
	struct bytes spilled;	/* all of them */
	bool forks;
	bool loops;		/* they are sites */
	bool jumps;		/* it calls setjmp */
	struct bytes sets;	/* of variables, one for each such call */
	uint32_t value;		/* what setjmp returns */
};

/* What is kept when setjmp returns 0. */
struct set {
	uint32_t site, id;	/* that it will be known by: a variable */
	uint32_t copies;	/* the first one: of the program's, then of those */
	uint32_t nspilled;
};

static uint8_t value_byte(char letter)
{
	static const uint8_t of[] = { I32, I64, F32, F64, V128 };
	const char *at = strchr(letters, letter);

	return at && at - letters < 5 ? of[at - letters] : I32;
}

/* --- before: where its sites are --- */

struct number {
	uint32_t region, first;	/* that it is in, and the block's first */
	bool in_handler;
};

static struct region *region(struct forking *k, uint32_t i)
{
	return (struct region *)k->regions.p + i;
}

static struct number *top(struct forking *k)
{
	return (struct number *)(k->numbers.p + k->numbers.n) - 1;
}

static void begin_region(struct forking *k, bool in_handler, int64_t first)
{
	struct region none = { 0 };
	uint32_t i = k->regions.n / sizeof(none);
	struct number n = { i, first < 0 ? i : first, in_handler };

	put_bytes(&k->regions, &none, sizeof(none));
	put_bytes(&k->numbers, &n, sizeof(n));
}

static void end_region(struct forking *k, uint32_t site)
{
	struct number n = *top(k);

	k->numbers.n -= sizeof(n);
	if (region(k, n.region)->last)
		region(k, n.first)->block_last = region(k, n.region)->last;
	if (region(k, n.region)->last && k->numbers.n)
		region(k, top(k)->region)->last = site;
}

static bool reads_site(struct forking *k, const struct reader *r)
{
	struct reader at = *r;
	uint8_t code = byte(&at);

	return k->forks && (code == 0x10 || code == 0x11) &&
		is_site(k->rw, k->f, code, u32(&at));
}

static bool reads_setjmp(struct forking *k, const struct reader *r)
{
	struct reader at = *r;

	return k->jumps && byte(&at) == 0x10 && u32(&at) == k->rw->setjmp;
}

/* Calls in handlers are none. */
static void number_sites(struct forking *k, struct reader r)
{
	uint32_t site = 0;
	bool in_handler;

	clear(&k->regions);
	clear(&k->numbers);
	begin_region(k, false, -1);
	while (r.p < r.end && !r.bad && k->numbers.n && !k->regions.bad && !k->numbers.bad) {
		uint8_t code = *r.p;
		uint32_t first;

		switch (code) {
		case 0x02: case 0x03: case 0x04: case 0x06:
			begin_region(k, top(k)->in_handler, -1);
			if (k->loops && code == 0x03 && !top(k)->in_handler)
				region(k, top(k)->region)->last = ++site;
			break;
		case 0x05: case 0x07: case 0x19:
			first = top(k)->first;
			in_handler = top(k)->in_handler || code != 0x05;
			end_region(k, site);
			if (!k->numbers.n)
				return;
			begin_region(k, in_handler, first);
			break;
		case 0x0b: case 0x18:
			end_region(k, site);
			break;
		default:
			if (!top(k)->in_handler && (reads_site(k, &r) || reads_setjmp(k, &r)))
				region(k, top(k)->region)->last = ++site;
		}
		skip_instruction(&r);
	}
}

/* --- variables --- */

static uint32_t add_local(struct forking *k, char letter)
{
	put_byte(&k->kinds, letter);
	return k->nlocals++;
}

/* The variable that keeps operand i of that type. */
static uint32_t spill(struct forking *k, uint32_t i, char letter)
{
	const char *at = strchr(letters, letter);
	uint32_t none[NTYPES] = { 0 }, *row;

	if (!at || *at == 'r' || !*at) {
		fail(&k->rw->r, "keeps a reference over a call that may fork");
		return 0;
	}
	while (k->spills.n / sizeof(none) <= i && !k->spills.bad)
		put_bytes(&k->spills, none, sizeof(none));
	if (k->spills.bad)
		return 0;
	row = (uint32_t *)k->spills.p + (size_t)i * NTYPES;
	if (!row[at - letters]) {
		row[at - letters] = add_local(k, letter);
		put_bytes(&k->spilled, &row[at - letters], sizeof(*row));
	}
	return row[at - letters];
}

static void spill_operand(struct forking *k, uint32_t i)
{
	set(k->rw, spill(k, i, k->walk.stack[i].type));
}

static void restore_operand(struct forking *k, uint32_t i)
{
	get(k->rw, spill(k, i, k->walk.stack[i].type));
}

/* --- segments --- */

static struct shape *shape(struct forking *k)
{
	return (struct shape *)(k->shapes.p + k->shapes.n) - 1;
}

static uint32_t base(const struct forking *k)
{
	return k->walk.blocks[k->walk.depth - 1].base;
}

static void open_label(struct forking *k, uint8_t code)
{
	op(k->rw, code);
	op(k->rw, 0x40);
	k->labels++;
}

static void close_label(struct forking *k)
{
	op(k->rw, 0x0b);
	k->labels--;
}

static void begin_segment(struct forking *k)
{
	k->guarded = shape(k)->last > k->site;
	if (k->guarded) {
		open_label(k, 0x02);
		get(k->rw, k->resume);
		op_u32(k->rw, 0x0d, 0);
	}
	for (uint32_t i = base(k); i < k->walk.n && !k->rw->r.bad; i++)
		restore_operand(k, i);
}

static void end_segment(struct forking *k)
{
	if (k->walk.n - base(k) > MAX_OPERANDS)
		fail(&k->rw->r, "has more than %d operands at a call that may fork", MAX_OPERANDS);
	for (uint32_t i = k->walk.n; i-- > base(k) && !k->rw->r.bad; )
		spill_operand(k, i);
	if (k->guarded)
		close_label(k);
	k->guarded = false;
}

/* Past what ends with that site, if it is not there that is looked for. */
static bool go_past(struct forking *k, uint32_t last)
{
	if (last >= shape(k)->last)
		return false;
	open_label(k, 0x02);
	get(k->rw, k->resume);
	constant(k->rw, last);
	op(k->rw, 0x4b);
	op_u32(k->rw, 0x0d, 0);
	return true;
}

static void access_shared(struct forking *k, uint8_t code, uint32_t at)
{
	op_u32(k->rw, code, 2);
	put_u32(&k->rw->body, k->rw->tlb + at);
}

static void load_state(struct forking *k)
{
	constant(k->rw, 0);
	access_shared(k, 0x28, k->rw->kernel ? SHARED_AT(image) : SHARED_AT(fork));
}

/* --- calls --- */

struct callee {
	uint8_t code;
	uint32_t index, table;
	uint32_t operands;	/* with the index in the table */
	const char *type;
};

static struct callee read_call(struct forking *k)
{
	struct rewriter *rw = k->rw;
	struct callee c = { .type = ":" };

	c.code = byte(&rw->r);
	c.index = u32(&rw->r);
	if (c.code == 0x11) {
		c.table = u32(&rw->r);
		if (c.index < rw->w.ntypes)
			c.type = rw->w.types[c.index];
	} else if (c.index < rw->w.nfuncs) {
		c.type = rw->w.types[rw->w.funcs[c.index]];
	}
	c.operands = params_of(c.type) + (c.code == 0x11);
	if (c.operands > k->walk.n - base(k))
		fail(&rw->r, "calls without operands at byte %zu", where(&rw->r));
	return c;
}

/* With operands from variables, which may have to be there once more. */
static void make_call(struct forking *k, const struct callee *c)
{
	struct rewriter *rw = k->rw;
	uint32_t first = k->walk.n - c->operands, i;

	for (i = first; i < k->walk.n && !rw->r.bad; i++)
		restore_operand(k, i);
	if (c->code == 0x10 && c->index == rw->reach->clone && rw->reach->clones[k->f]) {
		call(rw, FORK);
	} else if (c->code == 0x10) {
		call_function(rw, c->index);
	} else if (rw->kernel) {
		op_u32(rw, 0x11, c->index);
		put_u32(&rw->body, c->table);
	} else {
		call_indirect(rw, c->index, c->table);
	}
}

static void put_results(struct forking *k, const struct callee *c)
{
	const char *results = results_of(c->type);

	for (uint32_t i = strlen(results); i-- && !k->rw->r.bad; )
		set(k->rw, spill(k, k->walk.n - c->operands + i, results[i]));
}

static void pass(struct forking *k, const uint8_t *from)
{
	struct reader again = k->rw->r;

	if (k->rw->r.bad)
		return;
	again.p = from;
	walk_instruction(&k->walk, &again);
	if (again.bad) {
		k->rw->r.bad = true;
		k->rw->r.err = again.err;
	}
}

/* Behind a call, whose instruction began at from; past: who goes past it comes here. */
static void go_on(struct forking *k, const struct callee *c, bool past, const uint8_t *from)
{
	put_results(k, c);
	if (past)
		close_label(k);
	pass(k, from);
	if (!k->rw->r.bad)
		begin_segment(k);
}

static void leave(struct forking *k)
{
	constant(k->rw, k->site);
	set(k->rw, k->resume);
	op_u32(k->rw, 0x0c, k->labels);	/* of which the outermost, and an if */
}

static void site(struct forking *k)
{
	const uint8_t *from = k->rw->r.p;
	struct rewriter *rw = k->rw;
	struct callee c = read_call(k);
	bool past;

	if (rw->r.bad)
		return;
	end_segment(k);
	k->site++;
	past = go_past(k, k->site);
	constant(rw, 0);
	set(rw, k->resume);
	make_call(k, &c);
	load_state(k);
	if_unlikely(rw);
	leave(k);
	op(rw, 0x0b);
	go_on(k, &c, past, from);
}

/* Whoever wants to return through this call goes back at once, and fails. */
static void barrier_call(struct forking *k)
{
	const uint8_t *from = k->rw->r.p;
	struct rewriter *rw = k->rw;
	struct callee c = read_call(k);
	uint32_t first = k->walk.n - c.operands, i;

	if (rw->r.bad)
		return;
	for (i = k->walk.n; i-- > first; )
		spill_operand(k, i);
	open_label(k, 0x03);
	make_call(k, &c);
	load_state(k);
	if_unlikely(rw);
	call(rw, BARRIER);
	op_u32(rw, 0x0c, 1);
	op(rw, 0x0b);
	put_results(k, &c);
	close_label(k);
	pass(k, from);
	for (i = first; i < k->walk.n && !rw->r.bad; i++)
		restore_operand(k, i);
}

/* --- setjmp: what longjmp throws is caught by the whole function, which begins anew --- */

static void copy(struct forking *k, uint32_t to, uint32_t from, bool back)
{
	get(k->rw, back ? to : from);
	set(k->rw, back ? from : to);
}

static void copy_set(struct forking *k, const struct set *s, bool back)
{
	uint32_t from, i;

	for (i = 0; i < k->walk.nlocals; i++)
		copy(k, s->copies + i, i, back);
	for (i = 0; i < s->nspilled; i++) {
		memcpy(&from, k->spilled.p + i * sizeof(from), sizeof(from));
		copy(k, s->copies + k->walk.nlocals + i, from, back);
	}
}

static struct set new_set(struct forking *k)
{
	struct set s = { .site = k->site, .nspilled = k->spilled.n / sizeof(uint32_t) };
	uint32_t first = k->nlocals - k->kinds.n, i, at;

	s.id = add_local(k, 'l');
	s.copies = k->nlocals;
	for (i = 0; i < k->walk.nlocals; i++)
		add_local(k, k->walk.locals[i]);
	for (i = 0; i < s.nspilled && !k->spilled.bad && !k->kinds.bad; i++) {
		memcpy(&at, k->spilled.p + i * sizeof(at), sizeof(at));
		add_local(k, k->kinds.p[at - first]);
	}
	put_bytes(&k->sets, &s, sizeof(s));
	if (k->nlocals > MAX_LOCALS)
		fail(&k->rw->r, "calls setjmp too often in a function");
	return s;
}

static void setjmp_site(struct forking *k)
{
	const uint8_t *from = k->rw->r.p;
	struct rewriter *rw = k->rw;
	struct callee c = read_call(k);
	struct set s;
	bool past;

	if (shape(k)->in_handler)
		fail(&rw->r, "calls setjmp in a handler of exceptions");
	if (rw->r.bad)
		return;
	end_segment(k);
	k->site++;
	past = go_past(k, k->site);
	s = new_set(k);
	get(rw, k->resume);
	op(rw, 0x04);
	op(rw, I32);
	constant(rw, 0);
	set(rw, k->resume);
	get(rw, k->value);
	op(rw, 0x05);
	copy_set(k, &s, false);
	put_setjmp(rw, spill(k, k->walk.n - 1, 'i'), s.id);
	constant(rw, 0);
	op(rw, 0x0b);
	go_on(k, &c, past, from);
}

static void catch_jumps(struct forking *k)
{
	const struct set *s = (const void *)k->sets.p;
	struct rewriter *rw = k->rw;

	take_jump(rw, k->value);
	for (uint32_t n = k->sets.n / sizeof(*s); n && !rw->r.bad && !k->spilled.bad; n--, s++) {
		get(rw, rw->value[1]);
		get(rw, s->id);
		op(rw, 0x51);
		op(rw, 0x04);
		op(rw, 0x40);
		restore_stack_pointer(rw);
		copy_set(k, s, true);
		constant(rw, s->site);
		set(rw, k->resume);
		op_u32(rw, 0x0c, 2);	/* the loop around the try */
		op(rw, 0x0b);
	}
	op_u32(rw, 0x09, 0);
}

/* --- loops --- */

static void store_shared(struct forking *k, uint32_t at, uint32_t value)
{
	constant(k->rw, 0);
	constant(k->rw, value);
	access_shared(k, 0x36, at);
}

/* What comes first in each iteration, where there are no operands. */
static void loop_site(struct forking *k)
{
	struct rewriter *rw = k->rw;
	bool past;

	k->site++;
	past = go_past(k, k->site);
	constant(rw, 0);
	set(rw, k->resume);
	begin_poll(rw);
	store_shared(k, SHARED_AT(top), FRAMES);
	store_shared(k, SHARED_AT(fork), GOES_ON);
	leave(k);
	op(rw, 0x0b);
	if (past)
		close_label(k);
	begin_segment(k);
}

/* --- blocks --- */

static struct region next_region(struct forking *k)
{
	struct region none = { 0 };

	if (k->nregions < k->regions.n / sizeof(none))
		return *region(k, k->nregions++);
	fail(&k->rw->r, "has blocks that do not match");
	return none;
}

static void put_shape(struct forking *k, struct shape s)
{
	put_bytes(&k->shapes, &s, sizeof(s));
	if (!k->shapes.bad)
		return;
	fail(&k->rw->r, "out of memory");
	k->rw->r.err = -ENOMEM;
}

/* A block with sites in it: nothing is on the stack when it begins. */
static void open_reaching(struct forking *k, struct shape *s)
{
	struct rewriter *rw = k->rw;
	bool condition = *rw->r.p == 0x04;

	if (condition && k->walk.n == base(k)) {
		fail(&rw->r, "has an if without an operand");
		return;
	}
	end_segment(k);
	s->around = go_past(k, s->block_last);
	s->condition = condition;
	if (condition)
		restore_operand(k, k->walk.n - 1);
}

static void open_block(struct forking *k)
{
	struct region g = next_region(k);
	struct rewriter *rw = k->rw;
	const uint8_t *from = rw->r.p;
	struct shape s = {
		.in_handler = shape(k)->in_handler,
		.last = g.last, .block_last = g.block_last,
	};
	const char *type;

	if (s.block_last)
		open_reaching(k, &s);
	byte(&rw->r);
	type = block_type(&rw->w, &rw->r);
	if (rw->r.bad)
		return;
	if (s.block_last && params_of(type)) {
		fail(&rw->r, "has a block with operands around a call that may fork");
		return;
	}
	put_since(rw, &rw->body, from);
	s.label = ++k->labels;
	put_shape(k, s);
	pass(k, from);
	if (rw->r.bad)
		return;
	if (s.condition) {	/* which part it is has to be known when it is entered again */
		walk_push(&k->walk, &rw->r, 'i');
		k->walk.blocks[k->walk.depth - 1].base++;
	}
	if (k->loops && *from == 0x03 && !s.in_handler) {
		loop_site(k);
		return;
	}
	if (s.block_last)
		begin_segment(k);
	if (*from == 0x03)
		loop_head(rw);
}

/* What cannot be reached need not be there. */
static void end_region_of_code(struct forking *k)
{
	struct shape *s = shape(k);

	if (k->guarded && s->block_last) {
		close_label(k);
		op(k->rw, 0x00);
		k->guarded = false;
	}
	if (s->last > k->site)
		k->site = s->last;
}

static void next_part(struct forking *k)
{
	struct rewriter *rw = k->rw;
	const uint8_t *from = rw->r.p;
	uint8_t code = *from;
	struct region g;

	if (k->walk.depth < 2) {
		fail(&rw->r, "has a part of no block");
		return;
	}
	end_region_of_code(k);
	g = next_region(k);
	shape(k)->last = g.last;
	shape(k)->in_handler |= code != 0x05;
	skip_instruction(&rw->r);
	put_since(rw, &rw->body, from);
	pass(k, from);
	/* an exception's values are on the stack, in a part without sites */
	if (!rw->r.bad && g.last)
		begin_segment(k);
}

static uint32_t label_of(struct forking *k, uint32_t depth)
{
	const struct shape *s = (const void *)k->shapes.p;
	uint32_t n = k->shapes.n / sizeof(*s);

	if (depth >= n) {
		fail(&k->rw->r, "has a branch to no block at byte %zu", where(&k->rw->r));
		return 0;
	}
	return k->labels - s[n - 1 - depth].label;
}

static void close_block(struct forking *k)
{
	struct rewriter *rw = k->rw;
	const uint8_t *from = rw->r.p;
	uint8_t code = byte(&rw->r);
	uint32_t to = code == 0x18 ? u32(&rw->r) : 0, n, i;
	struct shape s;

	end_region_of_code(k);
	s = *shape(k);
	k->shapes.n -= sizeof(s);
	if (k->jumps && !k->shapes.n)
		catch_jumps(k);
	k->labels--;
	op(rw, code);
	if (code == 0x18)
		put_u32(&rw->body, label_of(k, to));
	pass(k, from);
	if (rw->r.bad)
		return;
	if (s.condition) {	/* the results come to its place */
		n = strlen(results_of(k->walk.blocks[k->walk.depth].type));
		for (i = k->walk.n - n; i < k->walk.n; i++)
			k->walk.stack[i - 1] = k->walk.stack[i];
		k->walk.n--;
	}
	if (!k->walk.depth || !s.block_last)
		return;
	if (s.block_last > k->site)
		k->site = s.block_last;
	n = strlen(results_of(k->walk.blocks[k->walk.depth].type));
	for (i = 0; i < n && !rw->r.bad; i++)
		spill_operand(k, k->walk.n - 1 - i);
	if (s.around)
		close_label(k);
	begin_segment(k);
}

static void branch(struct forking *k)
{
	struct rewriter *rw = k->rw;
	const uint8_t *from = rw->r.p;
	uint8_t code = byte(&rw->r);
	uint32_t n = 0;

	op(rw, code);
	if (code == 0x0e) {
		n = count(&rw->r);
		put_u32(&rw->body, n);
	}
	do
		put_u32(&rw->body, label_of(k, u32(&rw->r)));
	while (n-- && !rw->r.bad);
	pass(k, from);
}

static void step(struct forking *k)
{
	struct rewriter *rw = k->rw;
	const uint8_t *from = rw->r.p;

	if (k->walk.dead && !walk_revives(&k->walk, *from)) {
		if (*from == 0x02 || *from == 0x03 || *from == 0x04 || *from == 0x06 ||
		    *from == 0x05 || *from == 0x07 || *from == 0x19)
			next_region(k);
		walk_instruction(&k->walk, &rw->r);
		return;
	}
	switch (*from) {
	case 0x02: case 0x03: case 0x04: case 0x06:
		open_block(k);
		return;
	case 0x05: case 0x07: case 0x19:
		next_part(k);
		return;
	case 0x0b: case 0x18:
		close_block(k);
		return;
	case 0x09: case 0x0c: case 0x0d: case 0x0e:
		branch(k);
		return;
	}
	if (reads_setjmp(k, &rw->r)) {
		setjmp_site(k);
		return;
	}
	if (reads_site(k, &rw->r)) {
		if (shape(k)->in_handler)
			barrier_call(k);
		else
			site(k);
		return;
	}
	instruction(rw);
	pass(k, from);
}

/* --- frames --- */

static bool leaves(const struct forking *k)
{
	return k->forks || k->loops;
}

static uint32_t width(char letter)
{
	return letter == 'v' ? 16 : letter == 'l' || letter == 'd' ? 8 : 4;
}

static void frame_access(struct forking *k, uint32_t local, char letter, uint32_t at, bool store)
{
	static const uint8_t loads[] = { 0x28, 0x29, 0x2a, 0x2b };
	static const uint8_t stores[] = { 0x36, 0x37, 0x38, 0x39 };
	struct rewriter *rw = k->rw;
	const char *which = strchr(letters, letter);

	get(rw, rw->ea);
	if (store)
		get(rw, local);
	if (letter == 'v') {
		op(rw, 0xfd);
		op_u32(rw, store ? 0x0b : 0x00, 0);
	} else {
		op_u32(rw, (store ? stores : loads)[which - letters], 0);
	}
	put_u32(&rw->body, at);
	if (!store)
		set(rw, local);
}

/* Its number of bytes; with code: all variables that the program can see, and ours for it. */
static uint32_t frame(struct forking *k, bool code, bool store)
{
	uint32_t at = 0, i;

	for (i = 0; i < k->walk.nlocals; i++) {
		if (k->walk.locals[i] == 'r' && leaves(k))
			fail(&k->rw->r, "keeps a reference over a call that may fork");
		if (code && !k->rw->r.bad)
			frame_access(k, i, k->walk.locals[i], at, store);
		at += width(k->walk.locals[i]);
	}
	for (i = 0; i < k->kinds.n; i++) {
		if (code && !k->rw->r.bad)
			frame_access(k, k->nlocals - k->kinds.n + i, k->kinds.p[i], at, store);
		at += width(k->kinds.p[i]);
	}
	return (at + 15) & ~15u;
}

/* The kernel is instantiated before what could do it. */
static void allocate_in_place(struct forking *k, int how)
{
	struct rewriter *rw = k->rw;
	uint32_t n = frame(k, false, false);

	constant(rw, 0);
	access_shared(k, 0x28, SHARED_AT(image_top));
	set(rw, rw->ea);
	constant(rw, 0);
	get(rw, rw->ea);
	constant(rw, how == PUSH ? n : -n);
	op(rw, 0x6a);
	access_shared(k, 0x36, SHARED_AT(image_top));
	if (how == PUSH)
		return;
	get(rw, rw->ea);
	constant(rw, -n);
	op(rw, 0x6a);
	set(rw, rw->ea);
}

static void allocate_frame(struct forking *k, int how)
{
	if (k->rw->kernel) {
		allocate_in_place(k, how);
		return;
	}
	constant(k->rw, frame(k, false, false));
	call(k->rw, how);
	set(k->rw, k->rw->ea);
}

static void make_frame(struct forking *k, const char *results)
{
	struct rewriter *rw = k->rw;

	allocate_frame(k, PUSH);
	frame(k, true, true);
	for (; *results; results++) {
		switch (*results) {
		case 'i':
			op_u32(rw, 0x41, 0);
			break;
		case 'l':
			op_u32(rw, 0x42, 0);
			break;
		case 'f':
			put_bytes(&rw->body, "\x43\0\0\0", 5);
			break;
		case 'd':
			put_bytes(&rw->body, "\x44\0\0\0\0\0\0\0", 9);
			break;
		case 'v':
			put_bytes(&rw->body, "\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
			break;
		default:
			fail(&rw->r, "has a function that returns a reference and may fork");
		}
	}
	op(rw, 0x0b);
}

static void take_frame(struct forking *k)
{
	load_state(k);
	if_unlikely(k->rw);
	allocate_frame(k, POP);
	frame(k, true, false);
	if (k->loops) {
		load_state(k);
		constant(k->rw, GOES_ON);
		op(k->rw, 0x46);
		op(k->rw, 0x04);
		op(k->rw, 0x40);
		store_shared(k, SHARED_AT(fork), NO_FORK);
		op(k->rw, 0x0b);
	}
	op(k->rw, 0x0b);
}

/* --- functions --- */

/* Parameters and declared variables, those that rewrite.c uses, resume, and others. */
static void put_variables(struct forking *k, struct reader *r, const uint8_t *end)
{
	static const uint8_t ours[] = { OUR_LOCALS };
	struct bytes *b = &k->rw->body;
	uint32_t i;

	put_u32(b, count(r) + sizeof(ours) / 2 + k->kinds.n);
	put_bytes(b, r->p, end - r->p);
	for (i = 0; i < sizeof(ours); i += 2) {
		put_u32(b, ours[i + 1]);
		put_byte(b, ours[i]);
	}
	for (i = 0; i < k->kinds.n; i++) {
		put_u32(b, 1);
		put_byte(b, value_byte(k->kinds.p[i]));
	}
}

/* code, whose hints are those of rw so far, comes behind what is in rw->body. */
static void append(struct rewriter *rw, const struct bytes *code, const struct bytes *hints,
		   uint32_t hinted)
{
	uint32_t shift = rw->body.n, at, i;

	for (i = 0; i < hinted && !hints->bad; i++) {
		memcpy(&at, hints->p + i * sizeof(at), sizeof(at));
		at += shift;
		put_bytes(&rw->hints, &at, sizeof(at));
	}
	rw->hinted += hinted;
	put_bytes(&rw->body, code->p, code->n);
	rw->body.bad |= code->bad | hints->bad;
}

static void body(struct forking *k, const char *type)
{
	struct rewriter *rw = k->rw;
	const char *results = results_of(type);
	struct region g;
	struct shape s = { 0 };

	if (strlen(results) > 1) {
		fail(&rw->r, "has a function of several results that may fork");
		return;
	}
	g = next_region(k);
	s.last = g.last;
	s.block_last = g.block_last;
	k->labels = 0;
	open_label(k, 0x02);
	if (k->jumps)
		open_label(k, 0x03);
	op(rw, k->jumps ? 0x06 : 0x02);
	op(rw, *results ? value_byte(*results) : 0x40);
	s.label = ++k->labels;
	put_shape(k, s);
	if (!rw->r.bad)
		begin_segment(k);
	while (rw->r.p < rw->r.end && !rw->r.bad && k->walk.depth)
		step(k);
	if (k->walk.depth || rw->r.p != rw->r.end)
		fail(&rw->r, "has a function whose end is not its end");
	op(rw, 0x0f);
	if (k->jumps)
		op(rw, 0x0b);
	op(rw, 0x0b);
	if (leaves(k)) {
		make_frame(k, results);
	} else {
		op(rw, 0x00);
		op(rw, 0x0b);
	}
}

static void begin(struct forking *k, struct rewriter *rw, uint32_t f, bool loops)
{
	k->rw = rw;
	k->f = f;
	k->walk.w = &rw->w;
	k->nregions = k->site = 0;
	k->guarded = false;
	k->forks = rw->reach && rw->reach->nodes[f];
	k->loops = loops;
	k->jumps = calls_setjmp(rw, rw->r);
	clear(&k->shapes);
	clear(&k->kinds);
	clear(&k->spills);
	clear(&k->spilled);
	clear(&k->sets);
}

void leaving_function(struct rewriter *rw, uint32_t f, bool loops)
{
	const char *type = rw->w.types[rw->w.funcs[f]];
	const uint8_t *variables, *end;
	struct bytes code, hints;
	struct reader at;
	uint32_t hinted;
	struct forking *k;

	if (!rw->forking)
		rw->forking = calloc(1, sizeof(*rw->forking));
	k = rw->forking;
	if (!k) {
		rw->body.bad = true;
		return;
	}
	begin(k, rw, f, loops);
	variables = rw->r.p;
	walk_function(&k->walk, &rw->r, type);
	if (rw->r.bad)
		return;
	k->nlocals = our_locals(rw, k->walk.nlocals);
	k->resume = add_local(k, 'i');
	k->value = add_local(k, 'i');
	number_sites(k, rw->r);
	if (k->regions.bad || k->numbers.bad) {
		rw->body.bad = true;
		return;
	}
	end = rw->r.p;
	at = rw->r;
	at.p = variables;
	body(k, type);
	/* only now it is known which variables there are */
	code = rw->body;
	hints = rw->hints;
	hinted = rw->hinted;
	rw->body = rw->hints = (struct bytes){ 0 };
	rw->hinted = 0;
	put_variables(k, &at, end);
	if (leaves(k))
		take_frame(k);
	append(rw, &code, &hints, hinted);
	free(code.p);
	free(hints.p);
	rw->body.bad |= k->regions.bad | k->shapes.bad | k->numbers.bad | k->kinds.bad | k->spills.bad |
		k->spilled.bad | k->sets.bad;
}

void fork_function(struct rewriter *rw, uint32_t f)
{
	leaving_function(rw, f, false);
}

void forking_free(struct rewriter *rw)
{
	struct forking *k = rw->forking;

	if (!k)
		return;
	walk_free(&k->walk);
	free(k->regions.p);
	free(k->shapes.p);
	free(k->numbers.p);
	free(k->kinds.p);
	free(k->spills.p);
	free(k->spilled.p);
	free(k->sets.p);
	free(k);
}
