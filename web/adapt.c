/* SPDX-License-Identifier: MIT */
/*
 * In the shared memory lies for each function of the table which type it has.  Who
 * calls by another one puts the arguments there, too, integers and floats each in
 * their order, and the index, and calls a function that does the rest: it finds
 * one that calls by that type, with these arguments, and 0 for what is missing.
 * Nothing runs between the one and the other.
 *
 * Of what is linked when it runs, the table is the process's: its types are where a global
 * says, as type_number() has them, and who does the rest may be another module (adapt() in glue.c).
 */
#include <stdlib.h>
#include "adapt.h"
#include "linked.h"
#include "walk.h"

#define MAX_PARAMETERS 32
#define MAX_TYPES 4096
#define SIGSEGV 11
#define SEGV_MAPERR 1

static bool is_simple(const char *type)
{
	return params_of(type) <= MAX_PARAMETERS && strlen(results_of(type)) <= 1 &&
		!type[strspn(type, "ilfd:")];
}

/* --- what is in the table --- */

static void fill_slots(struct rewriter *rw, struct reader *r, uint32_t at, uint32_t n)
{
	struct adapt *a = rw->adapt;
	uint32_t f, rank;

	for (; n && !r->bad; n--, at++) {
		f = u32(r);
		if (f >= rw->w.nfuncs || at >= a->nslots)
			continue;
		rank = a->alike.rank[rw->w.funcs[f]];
		a->slots[at] = rank + 1;
		a->used[rank] = true;
	}
}

/* False if there is one whose place is not known. */
static bool element_section(struct rewriter *rw, struct reader *r)
{
	uint32_t kind, at;

	for (uint32_t n = count(r); n && !r->bad; n--) {
		kind = u32(r);
		if (kind == 3) {
			byte(r);
			at = UINT32_MAX;
		} else if (kind == 0 && byte(r) == 0x41) {
			at = leb(r, 32);
			byte(r);
		} else {
			return false;
		}
		fill_slots(rw, r, at, count(r));
	}
	return true;
}

static bool read_slots(struct rewriter *rw, const uint8_t *image, size_t size)
{
	char error[100];
	struct reader r = { .image = image, .p = image, .end = image + size,
			    .error = error, .n = sizeof(error) };
	const uint8_t *end = r.end;
	int last = 0, id;
	bool known = true;

	read_header(&r);
	while ((id = next_section(&r, end, &last)) >= 0) {
		if (id == 9)
			known &= element_section(rw, &r);
		r.p = r.end;
	}
	return known && !r.bad;
}

static bool allocate(struct adapt *a, const struct wasm *w, bool linked)
{
	a->nslots = linked ? 0 : w->tables[0].min;
	a->used = calloc(w->ntypes + 1, sizeof(*a->used));
	a->slots = calloc(a->nslots + 1, sizeof(*a->slots));
	return a->used && a->slots && find_alike(&a->alike, w);
}

void find_slots(struct rewriter *rw, const uint8_t *image, size_t size)
{
	const struct wasm *w = &rw->w;

	if (w->ntypes > MAX_TYPES)
		return;
	if (!rw->linked && (!w->ntables || !w->tables[0].funcs || w->tables[0].min > MAX_SLOTS))
		return;
	rw->adapt = calloc(1, sizeof(*rw->adapt));
	if (!rw->adapt || !allocate(rw->adapt, w, rw->linked)) {
		rw->out.bad = true;
		return;
	}
	rw->adapt->first = moved(rw, w->nfuncs);
	if (!rw->linked && !read_slots(rw, image, size))
		adapt_free(rw);
}

void adapt_free(struct rewriter *rw)
{
	struct adapt *a = rw->adapt;

	if (!a)
		return;
	alike_free(&a->alike);
	free(a->used);
	free(a->slots);
	free(a);
	rw->adapt = NULL;
}

/* --- calls --- */

/* index -> the type of what is there, as in slots */
static void look_up(struct rewriter *rw, uint32_t index)
{
	constant(rw, 0);
	get(rw, index);
	constant(rw, rw->linked ? MAX_SLOTS : rw->adapt->nslots);
	op(rw, 0x49);
	op(rw, 0x1b);
	constant(rw, rw->linked ? 2 : 1);
	op(rw, 0x74);
	if (rw->linked) {
		op_u32(rw, 0x23, rw->linked->types);
		op(rw, 0x6a);
	}
	op_u32(rw, rw->linked ? 0x28 : 0x2f, 1);
	put_u32(&rw->body, rw->linked ? 0 : rw->slots);
}

/* As it is in what look_up() gives. */
static uint32_t known_as(const struct rewriter *rw, uint32_t rank)
{
	const struct alike *a = &rw->adapt->alike;

	return rw->linked ? type_number(rw->w.types[a->types[rank]]) : rank + 1;
}

static uint32_t slow(const struct adapt *a, uint32_t rank) { return a->first + 1 + rank; }
static uint32_t by_its_type(const struct adapt *a, uint32_t rank) { return slow(a, a->alike.n) + rank; }

void call_indirect(struct rewriter *rw, uint32_t type, uint32_t table)
{
	struct adapt *a = rw->adapt;

	if (a && !table && type < rw->w.ntypes) {
		tee(rw, rw->ea);
		look_up(rw, rw->ea);
		constant(rw, known_as(rw, a->alike.rank[type]));
		op(rw, 0x47);
		if_unlikely_type(rw, type);
		constant(rw, 0);
		get(rw, rw->ea);
		op_u32(rw, 0x36, 2);
		put_u32(&rw->body, rw->tlb + SHARED_AT(callee));
		op_u32(rw, 0x10, slow(a, a->alike.rank[type]));
		op(rw, 0x05);
		get(rw, rw->ea);
	}
	op_u32(rw, 0x11, type);
	put_u32(&rw->body, table);
	if (a && !table && type < rw->w.ntypes)
		op(rw, 0x0b);
}

/* --- functions of ours --- */

/* What is at that address of memory, of that type; before a store comes constant(0). */
static void argument(struct rewriter *rw, char type, uint32_t at, bool store)
{
	static const uint8_t loads[] = { 0x28, 0x29, 0x2a, 0x2b };
	static const uint8_t stores[] = { 0x36, 0x37, 0x38, 0x39 };
	uint32_t which = strchr("ilfd", type) - "ilfd";

	if (!store)
		constant(rw, 0);
	op_u32(rw, (store ? stores : loads)[which], 0);
	put_u32(&rw->body, rw->tlb + at);
}

/* Where the next one of that type is, of n[0] integers and n[1] floats. */
static uint32_t place(char type, uint32_t n[2])
{
	bool is_float = type == 'f' || type == 'd';

	return (is_float ? SHARED_AT(floats) : SHARED_AT(ints)) + 8 * n[is_float]++;
}

static void traps(struct rewriter *rw)
{
	constant(rw, SIGSEGV);
	constant(rw, SEGV_MAPERR);
	call(rw, TRAP);
	op(rw, 0x00);
}

static void clear_arguments(struct rewriter *rw, uint32_t at, uint32_t n)
{
	constant(rw, rw->tlb + at);
	constant(rw, 0);
	constant(rw, n);
	put_bytes(&rw->body, "\xfc\x0b\0", 3);
}

/* Arguments to memory, and the result from there. */
static void slow_body(struct rewriter *rw, const char *type)
{
	uint32_t n[2] = { 0 }, none[2] = { 0 }, i;

	op(rw, 0);
	if (!is_simple(type)) {
		traps(rw);
		return;
	}
	clear_arguments(rw, SHARED_AT(ints), 16 * MAX_PARAMETERS);
	for (i = 0; type[i] != ':'; i++) {
		constant(rw, 0);
		get(rw, i);
		if (type[i] == 'i')
			op(rw, 0xad);	/* as a register has it */
		argument(rw, type[i] == 'i' ? 'l' : type[i], place(type[i], n), true);
	}
	op_u32(rw, 0x10, rw->adapt->first);
	if (type[i + 1])
		argument(rw, type[i + 1], place(type[i + 1], none), false);
}

/* Calls by the type of what is called. */
static void dispatch_body(struct rewriter *rw)
{
	const struct adapt *a = rw->adapt;

	put_bytes(&rw->body, "\1\2\x7f", 3);
	if (rw->linked) {
		argument(rw, 'i', SHARED_AT(callee), false);
		call(rw, ADAPT);
		return;
	}
	argument(rw, 'i', SHARED_AT(callee), false);
	tee(rw, 0);
	look_up(rw, 0);
	set(rw, 1);
	for (uint32_t rank = 0; rank < a->alike.n; rank++) {
		if (!a->used[rank] || !is_simple(rw->w.types[a->alike.types[rank]]))
			continue;
		get(rw, 1);
		constant(rw, rank + 1);
		put_bytes(&rw->body, "\x46\x04\x40", 3);
		op_u32(rw, 0x10, by_its_type(a, rank));
		put_bytes(&rw->body, "\x0f\x0b", 2);
	}
	traps(rw);
}

static void put_result(struct rewriter *rw, const char *result)
{
	uint32_t none[2] = { 0 };

	clear_arguments(rw, SHARED_AT(ints), 8);
	clear_arguments(rw, SHARED_AT(floats), 8);
	if (!*result)
		return;
	constant(rw, 0);
	get(rw, 1);
	argument(rw, *result, place(*result, none), true);
}

/* A fork in what is called cannot be returned from, and fails: see fork.c. */
static void refuse_fork(struct rewriter *rw)
{
	constant(rw, 0);
	op_u32(rw, 0x28, 2);
	put_u32(&rw->body, rw->tlb + SHARED_AT(fork));
	put_bytes(&rw->body, "\x04\x40", 2);
	call(rw, BARRIER);
	op_u32(rw, 0x0c, 1);
	op(rw, 0x0b);
}

static void adapter_body(struct rewriter *rw, uint32_t type)
{
	static const uint8_t value[] = { I32, I64, F32, F64 };
	const char *t = rw->w.types[type], *result = results_of(t);
	uint32_t n[2] = { 0 };

	if (!is_simple(t)) {
		put_bytes(&rw->body, "\0\0", 2);
		return;
	}
	put_bytes(&rw->body, *result ? "\2\1\x7f\1" : "\1\1\x7f", *result ? 4 : 3);
	if (*result)
		op(rw, value[strchr("ilfd", *result) - "ilfd"]);
	argument(rw, 'i', SHARED_AT(callee), false);
	set(rw, 0);
	put_bytes(&rw->body, "\x03\x40", 2);
	for (; *t != ':'; t++)
		argument(rw, *t, place(*t, n), false);
	get(rw, 0);
	op_u32(rw, 0x11, type);
	put_u32(&rw->body, 0);
	if (*result)
		set(rw, 1);
	if (rw->reach)
		refuse_fork(rw);
	op(rw, 0x0b);
	put_result(rw, result);
}

void call_as(struct rewriter *rw)
{
	const struct adapt *a = rw->adapt;

	for (uint32_t rank = 0; a && rank < a->alike.n; rank++) {
		if (!is_simple(rw->w.types[a->alike.types[rank]]))
			continue;
		get(rw, 0);
		constant(rw, known_as(rw, rank));
		put_bytes(&rw->body, "\x46\x04\x40", 3);
		op_u32(rw, 0x10, by_its_type(a, rank));
		put_bytes(&rw->body, "\x0f\x0b", 2);
	}
	op(rw, 0x00);
}

void describe_adapters(const struct rewriter *rw, struct bytes *to)
{
	const struct adapt *a = rw->adapt;

	for (uint32_t rank = 0; a && rank < a->alike.n; rank++) {
		const char *type = rw->w.types[a->alike.types[rank]];

		if (is_simple(type))
			put_bytes(to, type, strlen(type) + 1);
	}
}

uint32_t adapters(const struct rewriter *rw)
{
	return rw->adapt ? 1 + 2 * rw->adapt->alike.n : 0;
}

void put_adapter_types(struct rewriter *rw)
{
	const struct adapt *a = rw->adapt;
	uint32_t none = rw->w.ntypes + POLL, rank;

	if (!a)
		return;
	put_u32(&rw->section, none);
	for (rank = 0; rank < a->alike.n; rank++)
		put_u32(&rw->section, a->alike.types[rank]);
	for (rank = 0; rank < a->alike.n; rank++)
		put_u32(&rw->section, none);
}

static void end_body(struct rewriter *rw)
{
	op(rw, 0x0b);
	put_body(rw);
	clear(&rw->body);
}

void put_adapter_bodies(struct rewriter *rw)
{
	const struct adapt *a = rw->adapt;
	uint32_t rank;

	if (!a)
		return;
	clear(&rw->body);
	dispatch_body(rw);
	end_body(rw);
	for (rank = 0; rank < a->alike.n; rank++) {
		slow_body(rw, rw->w.types[a->alike.types[rank]]);
		end_body(rw);
	}
	for (rank = 0; rank < a->alike.n; rank++) {
		adapter_body(rw, a->alike.types[rank]);
		end_body(rw);
	}
}
