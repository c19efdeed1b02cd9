/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "adapt.h"
#include "fenv.h"
#include "fork.h"
#include "jumps.h"
#include "linked.h"
#include "reach.h"
#include "reenter.h"
#include "rewriting.h"
#include "walk.h"

static const struct {
	const char *name;
	uint8_t n, type[9];
} added[MMU_IMPORTS] = {
	[LD]	= { "ld", 6, { 0x60, 2, I32, I32, 1, I32 } },
	[ST8]	= { "st8", 5, { 0x60, 2, I32, I32, 0 } },
	[ST16]	= { "st16", 5, { 0x60, 2, I32, I32, 0 } },
	[ST32]	= { "st32", 5, { 0x60, 2, I32, I32, 0 } },
	[ST64]	= { "st64", 5, { 0x60, 2, I32, I64, 0 } },
	[COPY]	= { "copy", 6, { 0x60, 3, I32, I32, I32, 0 } },
	[FILL]	= { "fill", 6, { 0x60, 3, I32, I32, I32, 0 } },
	[POLL]	= { "poll", 3, { 0x60, 0, 0 } },
	[TRAP]	= { "trap", 5, { 0x60, 2, I32, I32, 0 } },
	[PUSH]	= { "push", 5, { 0x60, 1, I32, 1, I32 } },
	[POP]	= { "pop", 5, { 0x60, 1, I32, 1, I32 } },
	[FORK]	= { "fork", 9, { 0x60, 5, I32, I32, I32, I32, I32, 1, I32 } },
	[BARRIER] = { "barrier", 3, { 0x60, 0, 0 } },
	[FLOAT64] = { "float64", 7, { 0x60, 3, F64, F64, I32, 1, F64 } },
	[FLOAT32] = { "float32", 7, { 0x60, 3, F32, F32, I32, 1, F32 } },
	[DEMOTE] = { "demote", 5, { 0x60, 1, F64, 1, F32 } },
	[CONVERT] = { "convert", 6, { 0x60, 2, I64, I32, 1, F64 } },
	[TRUNCATES] = { "truncates", 5, { 0x60, 2, F64, I32, 0 } },
	[ADAPT]	= { "adapt", 4, { 0x60, 1, I32, 0 } },
};

/* glue.c's: the page is to be written, the access is atomic */
#define LD_WRITE 0x100
#define LD_ATOMIC 0x200

void put_bytes(struct bytes *b, const void *p, size_t n)
{
	if (!b->bad && n > b->max - b->n) {
		size_t max = 2 * (b->n + n) + 64;
		uint8_t *q = realloc(b->p, max);

		if (q) {
			b->p = q;
			b->max = max;
		}
		b->bad = !q;
	}
	if (b->bad)
		return;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

void put_u32(struct bytes *b, uint32_t v)
{
	for (; v > 127; v >>= 7)
		put_byte(b, v | 128);
	put_byte(b, v);
}

void put_s32(struct bytes *b, int32_t v)
{
	for (; v < -64 || v > 63; v >>= 7)
		put_byte(b, v | 128);
	put_byte(b, v & 127);
}

void put_name(struct bytes *b, const char *s)
{
	put_u32(b, strlen(s));
	put_bytes(b, s, strlen(s));
}

/* What was read since from. */
void put_since(struct rewriter *rw, struct bytes *b, const uint8_t *from)
{
	put_bytes(b, from, rw->r.p - from);
}

void clear(struct bytes *b)
{
	b->n = 0;
}

/* --- code --- */

void op(struct rewriter *rw, uint8_t c)
{
	put_byte(&rw->body, c);
}

void op_u32(struct rewriter *rw, uint8_t c, uint32_t v)
{
	op(rw, c);
	put_u32(&rw->body, v);
}

void constant(struct rewriter *rw, uint32_t v)
{
	op(rw, 0x41);
	put_s32(&rw->body, v);
}

void call(struct rewriter *rw, int what)
{
	op_u32(rw, 0x10, rw->kept + what);
}

void hint(struct rewriter *rw)
{
	uint32_t at = rw->body.n;

	put_bytes(&rw->hints, &at, sizeof(at));
	rw->hinted++;
}

/* Without the hint the call in it would cost registers on the other path. */
void if_unlikely(struct rewriter *rw)
{
	hint(rw);
	op(rw, 0x04);
	op(rw, 0x40);
}

void if_unlikely_type(struct rewriter *rw, uint32_t type)
{
	hint(rw);
	op(rw, 0x04);
	put_s32(&rw->body, type);
}

/* the offset of an entry of 8 bytes, when the address was shifted by PAGE_SHIFT - 3 */
#define TLB_INDEX (~7u & ~0u >> (PAGE_SHIFT - 3))

/*
 * Takes the address from the stack, and leaves there whether the table cannot
 * say where it is.  The low bits of an address that is not aligned come to lie
 * above the index, where the table has only zeros: so what is aligned by its
 * type needs no test for the end of a page.
 */
static void translate(struct rewriter *rw, uint32_t offset, uint32_t width,
		      uint32_t align, bool write)
{
	/* the low bits of one of 16 bytes would come to lie where there is more than zeros */
	bool natural = 1u << align >= width && width <= 8;
	bool rotate = natural && width > 1;

	if (offset) {
		constant(rw, offset);
		op(rw, 0x6a);
	}
	tee(rw, rw->ea);
	constant(rw, PAGE_SHIFT - 3);
	op(rw, rotate ? 0x78 : 0x76);
	constant(rw, rotate ? TLB_INDEX | (width - 1) << (35 - PAGE_SHIFT) : TLB_INDEX);
	op(rw, 0x71);
	op_u32(rw, 0x28, 2);
	put_u32(&rw->body, rw->tlb + 4 * write);
	tee(rw, rw->delta);
	op(rw, 0x45);
	if (natural)
		return;
	get(rw, rw->ea);
	constant(rw, PAGE_MASK);
	op(rw, 0x71);
	constant(rw, PAGE_MASK + 1 - width);
	op(rw, 0x4b);
	op(rw, 0x72);
}

static void physical(struct rewriter *rw)
{
	get(rw, rw->ea);
	get(rw, rw->delta);
	op(rw, 0x6a);
}

/* The instruction without its offset, which is in the address. */
static void access(struct rewriter *rw, uint8_t prefix, uint32_t code, uint32_t align)
{
	if (prefix)
		op(rw, prefix);
	put_u32(&rw->body, code);
	put_u32(&rw->body, align);
	put_u32(&rw->body, 0);
}

static void slow_load(struct rewriter *rw, uint32_t width)
{
	if_unlikely(rw);
	get(rw, rw->ea);
	constant(rw, width);
	call(rw, LD);
	set(rw, rw->delta);
	op(rw, 0x0b);
	physical(rw);
}

/* 0x28 to 0x3e */
static const struct {
	uint8_t width, type;
} accesses[] = {
	{ 4, I32 }, { 8, I64 }, { 4, F32 }, { 8, F64 },
	{ 1, I32 }, { 1, I32 }, { 2, I32 }, { 2, I32 },
	{ 1, I64 }, { 1, I64 }, { 2, I64 }, { 2, I64 }, { 4, I64 }, { 4, I64 },
	{ 4, I32 }, { 8, I64 }, { 4, F32 }, { 8, F64 },
	{ 1, I32 }, { 2, I32 }, { 1, I64 }, { 2, I64 }, { 4, I64 },
};

static void slow_store(struct rewriter *rw, uint32_t width, uint8_t type, uint32_t value)
{
	get(rw, rw->ea);
	get(rw, value);
	if (type == F32)
		op(rw, 0xbc);
	if (type == F64)
		op(rw, 0xbd);
	if (type == I64 && width < 8)
		op(rw, 0xa7);
	call(rw, width == 1 ? ST8 : width == 2 ? ST16 : width == 4 ? ST32 : ST64);
}

static void plain_access(struct rewriter *rw, uint8_t code, uint32_t align, uint32_t offset)
{
	uint32_t width = accesses[code - 0x28].width;
	uint8_t type = accesses[code - 0x28].type;
	uint32_t value = rw->value[I32 - type];

	if (code < 0x36) {
		translate(rw, offset, width, align, false);
		slow_load(rw, width);
		access(rw, 0, code, align);
		return;
	}
	set(rw, value);
	translate(rw, offset, width, align, true);
	if_unlikely(rw);
	slow_store(rw, width, type, value);
	op(rw, 0x05);
	physical(rw);
	get(rw, value);
	put_byte(&rw->body, code);
	put_u32(&rw->body, align);
	put_u32(&rw->body, 0);
	op(rw, 0x0b);
}

/* --- vectors: 0xfd --- */

static void access_lane(struct rewriter *rw, uint32_t code, uint32_t align, int lane)
{
	access(rw, 0xfd, code, align);
	if (lane >= 0)
		op(rw, lane);
}

static void vector_load(struct rewriter *rw, uint32_t code, uint32_t width,
			uint32_t align, uint32_t offset, int lane)
{
	if (lane >= 0)
		set(rw, rw->value[I32 - V128]);
	translate(rw, offset, width, align, false);
	slow_load(rw, width);
	if (lane >= 0)
		get(rw, rw->value[I32 - V128]);
	access_lane(rw, code, align, lane);
}

/* The lane as an integer, with one of these: i8x16, i16x8, i32x4, i64x2. */
static void extract(struct rewriter *rw, uint32_t width, int lane)
{
	static const uint8_t codes[] = { [1] = 0x16, [2] = 0x19, [4] = 0x1b, [8] = 0x1d };

	get(rw, rw->value[I32 - V128]);
	op(rw, 0xfd);
	op(rw, codes[width]);
	op(rw, lane);
}

static void store_lane_slowly(struct rewriter *rw, uint32_t width, int lane)
{
	get(rw, rw->ea);
	extract(rw, width, lane);
	call(rw, width == 1 ? ST8 : width == 2 ? ST16 : width == 4 ? ST32 : ST64);
}

/* The page of the address on the stack is to be one that can be written to. */
static void touch(struct rewriter *rw)
{
	constant(rw, 1 | LD_WRITE);
	call(rw, LD);
	op(rw, 0x1a);
}

/* Nothing is written before both pages are there. */
static void store_vector_slowly(struct rewriter *rw)
{
	get(rw, rw->ea);
	touch(rw);
	get(rw, rw->ea);
	constant(rw, 15);
	op(rw, 0x6a);
	constant(rw, ~PAGE_MASK);
	op(rw, 0x71);
	touch(rw);
	get(rw, rw->ea);
	constant(rw, 8);
	op(rw, 0x6a);
	extract(rw, 8, 1);
	call(rw, ST64);
	store_lane_slowly(rw, 8, 0);
}

static void vector_store(struct rewriter *rw, uint32_t code, uint32_t width,
			 uint32_t align, uint32_t offset, int lane)
{
	set(rw, rw->value[I32 - V128]);
	translate(rw, offset, width, align, true);
	if_unlikely(rw);
	if (width == 16)
		store_vector_slowly(rw);
	else
		store_lane_slowly(rw, width, lane);
	op(rw, 0x05);
	physical(rw);
	get(rw, rw->value[I32 - V128]);
	access_lane(rw, code, align, lane);
	op(rw, 0x0b);
}

static void vector(struct rewriter *rw, const uint8_t *from)
{
	/* of 0x00 to 0x0b, and of 0x54 to 0x5d */
	static const uint8_t widths[] = { 16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8, 16 };
	static const uint8_t lanes[] = { 1, 2, 4, 8, 1, 2, 4, 8, 4, 8 };
	uint32_t code = u32(&rw->r), align, offset, width;
	bool has_lane = code >= 0x54 && code <= 0x5b;
	int lane = -1;

	if (code > 0x0b && (code < 0x54 || code > 0x5d)) {
		rw->r.p = from;
		skip_instruction(&rw->r);
		if (!vector_type(code))
			fail(&rw->r, "unknown instruction 0xfd 0x%x", code);
		put_since(rw, &rw->body, from);
		return;
	}
	align = u32(&rw->r);
	offset = u32(&rw->r);
	width = code <= 0x0b ? widths[code] : lanes[code - 0x54];
	if (has_lane)
		lane = byte(&rw->r);
	if (align > 4)
		fail(&rw->r, "has an access of another memory at byte %zu", where(&rw->r));
	else if (code == 0x0b || (code >= 0x58 && code <= 0x5b))
		vector_store(rw, code, width, align, offset, lane);
	else
		vector_load(rw, code, width, align, offset, lane);
}

/* An atomic access is aligned, or a SIGBUS: its slow path gives only the delta. */
static void atomic_access(struct rewriter *rw, uint32_t code, uint32_t align, uint32_t offset)
{
	static const uint8_t widths[] = { 4, 8, 1, 2, 1, 2, 4 };
	static const uint8_t longs[] = { 0, 1, 0, 0, 1, 1, 1 };
	uint32_t kind = (code - 0x10) % 7, width = widths[kind];
	bool load = code < 0x17, two = code >= 0x48;
	uint32_t value = rw->value[longs[kind]], second = rw->second[longs[kind]];

	if (!load)
		set(rw, value);
	if (two)
		set(rw, second);
	translate(rw, offset, width, align, !load);
	slow_load(rw, width | LD_ATOMIC | (load ? 0 : LD_WRITE));
	if (two)
		get(rw, second);
	if (!load)
		get(rw, value);
	access(rw, 0xfe, code, align);
}

static void memarg(struct rewriter *rw, uint32_t *align, uint32_t *offset)
{
	*align = u32(&rw->r);
	if (*align > 3)
		fail(&rw->r, "has an access of another memory at byte %zu", where(&rw->r));
	*offset = u32(&rw->r);
}

static void atomic(struct rewriter *rw, const uint8_t *from)
{
	uint32_t code = u32(&rw->r), align, offset;

	if (code == 3) {	/* fence */
		byte(&rw->r);
		put_since(rw, &rw->body, from);
		return;
	}
	memarg(rw, &align, &offset);
	if (code < 0x10 || code > 0x4e)
		fail(&rw->r, "unknown instruction 0xfe 0x%x", code);
	else if (!rw->r.bad)
		atomic_access(rw, code, align, offset);
}

static void add(struct rewriter *rw, uint32_t local, int32_t n)
{
	get(rw, local);
	constant(rw, n);
	op(rw, 0x6a);
	set(rw, local);
}

/* --- traps: a signal comes before what would trap, while there is a way back --- */

#define SIGILL 4
#define SIGFPE 8
#define ILL_ILLOPC 1
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTINV 7

static void trap(struct rewriter *rw, int sig, int code)
{
	constant(rw, sig);
	constant(rw, code);
	call(rw, TRAP);
}

static void trap_if(struct rewriter *rw, int sig, int code)
{
	if_unlikely(rw);
	trap(rw, sig, code);
	op(rw, 0x0b);
}

static void constant64(struct rewriter *rw, int64_t v)
{
	op(rw, 0x42);
	for (; v < -64 || v > 63; v >>= 7)
		op(rw, v | 128);
	op(rw, v & 127);
}

/* 0x6d to 0x70 and 0x7f to 0x82: signed and unsigned quotient, and remainder */
static void divide(struct rewriter *rw, uint8_t code)
{
	bool wide = code >= 0x7f, overflows = code == 0x6d || code == 0x7f;
	uint32_t a = rw->second[wide], b = rw->value[wide];

	set(rw, b);
	set(rw, a);
	get(rw, b);
	op(rw, wide ? 0x50 : 0x45);
	trap_if(rw, SIGFPE, FPE_INTDIV);
	if (overflows) {
		get(rw, a);
		wide ? constant64(rw, INT64_MIN) : constant(rw, INT32_MIN);
		op(rw, wide ? 0x51 : 0x46);
		get(rw, b);
		wide ? constant64(rw, -1) : constant(rw, -1);
		op(rw, wide ? 0x51 : 0x46);
		op(rw, 0x71);
		trap_if(rw, SIGFPE, FPE_INTOVF);
	}
	get(rw, a);
	get(rw, b);
	op(rw, code);
}

void number(struct rewriter *rw, bool wide, double v)
{
	float f = v;

	op(rw, wide ? 0x44 : 0x43);
	put_bytes(&rw->body, wide ? (void *)&v : (void *)&f, wide ? 8 : 4);
}

/* 0xa8 to 0xab: i32 of f32, signed and unsigned, and of f64; 0xae to 0xb1: i64 */
static void truncate(struct rewriter *rw, uint8_t code)
{
	bool to64 = code >= 0xae, is_unsigned = (code - (to64 ? 0xae : 0xa8)) & 1;
	bool wide = (code - (to64 ? 0xae : 0xa8)) & 2;
	double limit = (to64 ? 0x1p63 : 0x1p31) * (is_unsigned ? 2 : 1);
	/* a number may lie between the least integer and the one below */
	bool between = is_unsigned || (wide && !to64);
	uint32_t v = rw->value[wide ? 3 : 2];

	tee(rw, v);
	number(rw, wide, limit);
	op(rw, wide ? 0x63 : 0x5d);
	get(rw, v);
	number(rw, wide, is_unsigned ? -1 : between ? -limit - 1 : -limit);
	op(rw, (wide ? 0x64 : 0x5e) + (between ? 0 : 2));
	op(rw, 0x71);
	op(rw, 0x45);
	if_unlikely(rw);
	constant(rw, SIGFPE);
	constant(rw, FPE_FLTINV);
	constant(rw, FPE_INTOVF);
	get(rw, v);
	get(rw, v);
	op(rw, wide ? 0x62 : 0x5c);
	op(rw, 0x1b);
	call(rw, TRAP);
	op(rw, 0x0b);
	if (uses_fenv(rw))
		raise_inexact(rw, v, code - (to64 ? 0xae : 0xa8) + (to64 ? 4 : 0));
	get(rw, v);
	op(rw, code);
}

/*
 * Byte by byte, since the engine's own would write past the table: it fills
 * only a place of ours.  This is how a thread gets its variables, which are few.
 */
static void memory_init(struct rewriter *rw)
{
	uint32_t segment = u32(&rw->r), bounce = rw->tlb + SHARED_AT(bounce), n = rw->value[0];

	skip(&rw->r, 1);
	set(rw, n);
	set(rw, rw->delta);
	set(rw, rw->ea);
	op(rw, 0x02);
	op(rw, 0x40);
	op(rw, 0x03);
	op(rw, 0x40);
	get(rw, n);
	op(rw, 0x45);
	op_u32(rw, 0x0d, 1);
	constant(rw, bounce);
	get(rw, rw->delta);
	constant(rw, 1);
	op(rw, 0xfc);
	op_u32(rw, 8, segment);
	op(rw, 0);
	get(rw, rw->ea);
	constant(rw, bounce);
	op(rw, 0x2d);
	op(rw, 0);
	op(rw, 0);
	call(rw, ST8);
	add(rw, rw->ea, 1);
	add(rw, rw->delta, 1);
	add(rw, n, -1);
	op_u32(rw, 0x0c, 0);
	op(rw, 0x0b);
	op(rw, 0x0b);
}

static void misc(struct rewriter *rw, const uint8_t *from)
{
	uint32_t code = u32(&rw->r);

	if (code < 8) {		/* saturating truncation */
		if (uses_fenv(rw))
			raise_saturating(rw, code);
		put_since(rw, &rw->body, from);
	} else if (code == 8) {
		memory_init(rw);
	} else if (code == 9) {	/* data.drop */
		u32(&rw->r);
	} else if (code == 10 || code == 11) {
		skip(&rw->r, code == 10 ? 2 : 1);
		call(rw, code == 10 ? COPY : FILL);
	} else {
		fail(&rw->r, "uses the instruction 0xfc 0x%x, which is not supported", code);
	}
}

/* Functions of ours are numbered between the imported ones and the program's. */
uint32_t moved(const struct rewriter *rw, uint32_t function)
{
	if (function >= rw->imported)
		return function - rw->imported + rw->kept + rw->added;
	return rw->linked ? rw->linked->functions[function] : function;
}

void call_function(struct rewriter *rw, uint32_t function)
{
	if (is_others(rw, function))
		call_others(rw, function);
	else
		op_u32(rw, 0x10, moved(rw, function));
}

static void load_poll(struct rewriter *rw)
{
	constant(rw, 0);
	op_u32(rw, 0x28, 2);
	put_u32(&rw->body, rw->poll);
}

/* One less: is it negative? */
static void count_down(struct rewriter *rw)
{
	constant(rw, 0);
	load_poll(rw);
	constant(rw, 1);
	op(rw, 0x6b);
	tee(rw, rw->delta);
	op_u32(rw, 0x36, 2);
	put_u32(&rw->body, rw->poll);
	get(rw, rw->delta);
	constant(rw, 0);
	op(rw, 0x48);
}

void begin_poll(struct rewriter *rw)
{
	if (rw->how & REWRITE_COUNTS)
		count_down(rw);
	else
		load_poll(rw);
	if_unlikely(rw);
	call(rw, POLL);
}

void loop_head(struct rewriter *rw)
{
	if (rw->kernel)
		return;
	begin_poll(rw);
	op(rw, 0x0b);
}

void instruction(struct rewriter *rw)
{
	struct reader *r = &rw->r;
	const uint8_t *from = r->p;
	uint8_t code = byte(r);
	uint32_t align, offset;

	if (rw->kernel) {
		r->p = from;
		skip_instruction(r);
		put_since(rw, &rw->body, from);
		return;
	}
	if (uses_fenv(rw) && floating(rw, code))
		return;
	if (rw->linked && (code == 0x23 || code == 0x24)) {
		linked_global(rw, code, u32(r));
		return;
	}
	switch (code) {
	case 0x11:
		align = u32(r);
		call_indirect(rw, align, u32(r));
		return;
	case 0x00:
		trap(rw, SIGILL, ILL_ILLOPC);
		op(rw, code);
		return;
	case 0x6d ... 0x70: case 0x7f ... 0x82:
		divide(rw, code);
		return;
	case 0xa8 ... 0xab: case 0xae ... 0xb1:
		truncate(rw, code);
		return;
	case 0x10:
		call_function(rw, u32(r));
		return;
	case 0xd2:				/* ref.func */
		op_u32(rw, code, moved(rw, u32(r)));
		return;
	case 0x12: case 0x13:
		fail(r, "uses tail calls, which are not supported");
		return;
	case 0x28 ... 0x3e:
		memarg(rw, &align, &offset);
		if (!r->bad)
			plain_access(rw, code, align, offset);
		return;
	case 0x3f:				/* memory.size */
		byte(r);
		constant(rw, 65536);
		return;
	case 0x40:				/* memory.grow */
		byte(r);
		set(rw, rw->value[0]);
		constant(rw, 65536);
		constant(rw, -1);
		get(rw, rw->value[0]);
		op(rw, 0x45);
		op(rw, 0x1b);			/* by 0 pages it succeeds */
		return;
	case 0xfd:
		vector(rw, from);
		return;
	case 0xfc:
		misc(rw, from);
		return;
	case 0xfe:
		atomic(rw, from);
		return;
	default:
		/* throw_ref, of the newer exceptions, is not known here */
		if (code != 0x0a && skip_immediates(r, code))
			break;
		fail(r, "unknown instruction 0x%02x at byte %zu", code, where(r) - 1);
		return;
	}
	put_since(rw, &rw->body, from);
	if (code == 0x03)
		loop_head(rw);
}

/* Parameters and declared variables; those of ours follow. */
static uint32_t locals(struct rewriter *rw, const char *type)
{
	static const uint8_t ours[] = { OUR_LOCALS };
	struct reader *r = &rw->r;
	uint64_t n = strchr(type, ':') - type;
	uint32_t groups = count(r), i;
	const uint8_t *from = r->p;

	for (i = 0; i < groups && !r->bad; i++) {
		n += u32(r);
		value_type(r);
	}
	if (n > 50000)
		fail(r, "has a function with %llu variables", (unsigned long long)n);
	put_u32(&rw->body, groups + sizeof(ours) / 2);
	put_since(rw, &rw->body, from);
	for (i = 0; i < sizeof(ours); i += 2) {
		put_u32(&rw->body, ours[i + 1]);
		put_byte(&rw->body, ours[i]);
	}
	return n;
}

uint32_t our_locals(struct rewriter *rw, uint32_t n)
{
	rw->ea = n;
	rw->delta = n + 1;
	rw->value[I32 - I32] = n + 2;
	rw->value[I32 - I64] = n + 3;
	rw->value[I32 - F32] = n + 4;
	rw->value[I32 - F64] = n + 5;
	rw->second[0] = n + 6;
	rw->second[1] = n + 7;
	rw->value[I32 - V128] = n + 8;
	return n + 9;
}

static void plain_function(struct rewriter *rw, uint32_t i)
{
	our_locals(rw, locals(rw, rw->w.types[rw->w.funcs[i]]));
	while (rw->r.p < rw->r.end && !rw->r.bad)
		instruction(rw);
}

void put_hints(struct rewriter *rw, uint32_t i)
{
	uint32_t at, k;

	rw->nhints++;
	put_u32(&rw->all_hints, moved(rw, i));
	put_u32(&rw->all_hints, rw->hinted);
	for (k = 0; k < rw->hinted; k++) {
		memcpy(&at, rw->hints.p + 4 * k, 4);
		put_u32(&rw->all_hints, at);
		put_byte(&rw->all_hints, 1);
		put_byte(&rw->all_hints, 0);
	}
}

void put_body(struct rewriter *rw)
{
	put_u32(&rw->section, rw->body.n);
	put_bytes(&rw->section, rw->body.p, rw->body.n);
	rw->section.bad |= rw->body.bad;
}

static void function(struct rewriter *rw, uint32_t i)
{
	struct reader *r = &rw->r;
	const uint8_t *end = r->end;
	uint32_t size = count(r);

	clear(&rw->body);
	clear(&rw->hints);
	rw->hinted = 0;
	r->end = r->p + size;
	if (reenters(rw, i) && reenter_function(rw, i))
		;
	else if (i == rw->longjmp)
		longjmp_function(rw);
	else if (i == rw->fenv_get || i == rw->fenv_set)
		fenv_function(rw, i == rw->fenv_set);
	else if ((rw->reach && rw->reach->nodes[i]) || calls_setjmp(rw, *r))
		fork_function(rw, i);
	else
		plain_function(rw, i);
	r->end = end;

	put_body(rw);
	if (rw->hinted && !rw->hints.bad)
		put_hints(rw, i);
}

/* --- sections --- */

void put_section(struct rewriter *rw, uint8_t id)
{
	put_byte(&rw->out, id);
	put_u32(&rw->out, rw->section.n);
	put_bytes(&rw->out, rw->section.p, rw->section.n);
	rw->out.bad |= rw->section.bad | rw->body.bad | rw->hints.bad | rw->all_hints.bad;
	clear(&rw->section);
}

static void types(struct rewriter *rw)
{
	uint32_t n = count(&rw->r), i;

	put_u32(&rw->section, n + rw->added + (rw->setjmp >= 0));
	put_bytes(&rw->section, rw->r.p, rw->r.end - rw->r.p);
	for (i = 0; i < rw->added; i++)
		put_bytes(&rw->section, added[i].type, added[i].n);
	if (rw->setjmp >= 0)
		put_jump_type(rw);
}

static void functions(struct rewriter *rw)
{
	uint32_t n = count(&rw->r);

	put_u32(&rw->section, n + adapters(rw) + reentered(rw) + linked_functions(rw));
	put_bytes(&rw->section, rw->r.p, rw->r.end - rw->r.p);
	put_adapter_types(rw);
	put_reentered_types(rw);
	put_linked_types(rw);
}

/* The program's, if it has any, and one more. */
static void tags(struct rewriter *rw)
{
	uint32_t n = count(&rw->r);
	const uint8_t *from = rw->r.p;
	bool ours = rw->setjmp >= 0 && !is_library(rw);

	put_u32(&rw->section, n + ours);
	while (n-- && !rw->r.bad) {
		byte(&rw->r);
		u32(&rw->r);
	}
	put_since(rw, &rw->section, from);
	if (ours)
		put_jump_tag(&rw->section, rw);
}

/* wasm_read() has read them: they are made anew. */
static void imports(struct rewriter *rw)
{
	struct bytes *s = &rw->section;
	uint32_t i;

	if (rw->linked)
		linked_imports(rw);
	else
		put_u32(s, rw->w.nimports + rw->added);
	for (i = 0; i < rw->w.nimports && !rw->linked; i++) {
		const struct wasm_import *im = &rw->w.imports[i];

		put_name(s, im->module);
		put_name(s, im->name);
		put_byte(s, im->kind);
		if (im->kind == WASM_FUNC) {
			put_u32(s, im->type);
		} else {
			put_byte(s, 3);
			put_u32(s, 1);
			put_u32(s, 65536);
		}
	}
	for (i = 0; i < rw->added; i++) {
		put_name(s, "mmu");
		put_name(s, added[i].name);
		put_byte(s, WASM_FUNC);
		put_u32(s, rw->w.ntypes + i);
	}
}

void put_export(struct bytes *s, const char *name, uint8_t kind, uint32_t index)
{
	put_name(s, name);
	put_byte(s, kind);
	put_u32(s, index);
}

static uint32_t new_index(const struct rewriter *rw, enum wasm_kind kind, uint32_t index)
{
	if (kind == WASM_FUNC)
		return moved(rw, index);
	return kind == WASM_GLOBAL && rw->linked ? rw->linked->globals[index] : index;
}

/* What a child of fork() has as its parent has it. */
static uint32_t export_globals(struct rewriter *rw)
{
	char name[32];
	uint32_t n = 0, i = 0;

	if (rw->linked)		/* the others are values */
		for (uint32_t k = 0; k < rw->w.nimports; k++)
			i += rw->w.imports[k].kind == WASM_GLOBAL;
	for (; i < rw->w.nglobals && (rw->reach || rw->linked); i++) {
		if (!rw->w.globals[i].mutable || (rw->linked && rw->w.globals[i].type == 'i'))
			continue;
		snprintf(name, sizeof(name), "muslin.global.%u", i);
		put_export(&rw->section, name, WASM_GLOBAL, rw->linked ? rw->linked->globals[i] : i);
		n++;
	}
	return n;
}

static void exports(struct rewriter *rw)
{
	struct bytes *s = &rw->section, all;
	uint32_t i, n;

	bool starts = rw->w.start >= 0 && !is_library(rw);

	/* those of a library are known by their slots */
	n = is_library(rw) ? 0 : rw->w.nexports;
	for (i = 0; i < n; i++) {
		const struct wasm_export *e = &rw->w.exports[i];

		if (!strncmp(e->name, "muslin.", 7))
			fail(&rw->r, "exports %.60s", e->name);
		put_export(s, e->name, e->kind, new_index(rw, e->kind, e->index));
	}
	n += export_globals(rw) + linked_exports(rw);
	/* it runs in the new process, where it can be interrupted */
	if (starts)
		put_export(s, "muslin.start", WASM_FUNC, moved(rw, rw->w.start));
	all = *s;
	*s = (struct bytes){ 0 };
	put_u32(s, n + starts);
	put_bytes(s, all.p, all.n);
	s->bad |= all.bad;
	free(all.p);
}

static void constant_expression(struct rewriter *rw)
{
	struct reader *r = &rw->r;
	const uint8_t *from = r->p;
	uint8_t code = byte(r);

	switch (code) {
	case 0x23:
		if (rw->linked) {
			put_byte(&rw->section, code);
			put_u32(&rw->section, new_index(rw, WASM_GLOBAL, u32(r)));
			from = r->p;
			break;
		}
		/* fall through */
	case 0x41: case 0x42: case 0x43: case 0x44: case 0xd0:
		skip_immediates(r, code);
		break;
	case 0xd2:
		put_byte(&rw->section, code);
		put_u32(&rw->section, moved(rw, u32(r)));
		from = r->p;
		break;
	default:
		fail(r, "unknown constant expression at byte %zu", where(r));
	}
	if (byte(r) != 0x0b)
		fail(r, "has a long constant expression at byte %zu", where(r));
	put_since(rw, &rw->section, from);
}

void put_own_globals(struct rewriter *rw, uint32_t n)
{
	const uint8_t *from;

	while (n-- && !rw->r.bad) {
		from = rw->r.p;
		skip(&rw->r, 2);
		put_since(rw, &rw->section, from);
		constant_expression(rw);
	}
}

static void globals(struct rewriter *rw)
{
	uint32_t n;

	if (rw->linked) {
		linked_globals(rw);
		return;
	}
	n = count(&rw->r);
	put_u32(&rw->section, n);
	put_own_globals(rw, n);
}

static void elements(struct rewriter *rw)
{
	struct reader *r = &rw->r;
	uint32_t n, k, kind;

	if (is_library(rw)) {
		linked_elements(rw);
		return;
	}
	n = count(r);
	put_u32(&rw->section, n);
	while (n-- && !r->bad) {
		kind = u32(r);
		put_u32(&rw->section, kind);
		if (kind == 0) {
			constant_expression(rw);
		} else if (kind == 3) {		/* declares what ref.func may name */
			put_byte(&rw->section, byte(r));
		} else {
			fail(r, "has an element segment of kind %u, which is not supported", kind);
		}
		k = count(r);
		put_u32(&rw->section, k);
		while (k-- && !r->bad)
			put_u32(&rw->section, moved(rw, u32(r)));
	}
}

static void code(struct rewriter *rw)
{
	uint32_t n = count(&rw->r), i;
	struct bytes all = { 0 };

	if (n != rw->w.nfuncs - rw->imported)
		fail(&rw->r, "has %u function bodies", n);
	put_u32(&rw->section, n + adapters(rw) + reentered(rw) + linked_functions(rw));
	for (i = 0; i < n && !rw->r.bad; i++)
		function(rw, rw->imported + i);
	put_adapter_bodies(rw);
	put_reentered_bodies(rw);
	put_linked_bodies(rw);
	if (rw->nhints) {
		all = rw->section;
		rw->section = (struct bytes){ 0 };
		put_name(&rw->section, "metadata.code.branch_hint");
		put_u32(&rw->section, rw->nhints);
		put_bytes(&rw->section, rw->all_hints.p, rw->all_hints.n);
		put_section(rw, 0);
		free(rw->section.p);
		rw->section = all;
	}
}

/*
 * What memory.init copies stays.  The kernel maps the rest, or a library's linker copies it: the
 * engine would write it over the kernel's memory, so no segment is active any more.
 */
static void data_segments(struct rewriter *rw)
{
	struct reader *r = &rw->r;
	uint32_t n = count(r), kind, size;
	const uint8_t *from;
	size_t at;

	put_u32(&rw->section, n);
	while (n-- && !r->bad) {
		kind = u32(r);
		if (kind == 2)
			u32(r);
		at = rw->section.n;
		if (kind != 1)
			constant_expression(rw);
		rw->section.n = at;
		size = count(r);
		if (kind != 1 && size && !is_library(rw))
			fail(r, "has data at an address that is not known");
		from = r->p;
		skip(r, size);
		if (kind != 1 || r->bad)
			size = 0;
		put_byte(&rw->section, 1);
		put_u32(&rw->section, size);
		put_bytes(&rw->section, from, size);
	}
}

static void section(struct rewriter *rw, uint8_t id)
{
	struct reader *r = &rw->r;

	switch (id) {
	case 1:
		types(rw);
		break;
	case 2:
		imports(rw);
		break;
	case 3:
		functions(rw);
		break;
	case 13:
		tags(rw);
		break;
	case 4:
		if (rw->linked)
			linked_table(rw);
		else
			put_bytes(&rw->section, r->p, r->end - r->p);
		break;
	case 6:
		globals(rw);
		break;
	case 7:
		exports(rw);
		break;
	case 11:
		data_segments(rw);
		break;
	case 8:			/* the start function is exported */
	case 0:			/* names would be those of other functions */
		return;
	case 9:
		elements(rw);
		break;
	case 10:
		code(rw);
		break;
	default:
		put_bytes(&rw->section, r->p, r->end - r->p);
	}
	put_section(rw, id);
}

static bool is_needed(const struct rewriter *rw, uint8_t id)
{
	return id == 13 ? rw->setjmp >= 0 && !is_library(rw) : rw->linked != NULL;
}

/* Those that the module does not have come, as if they were empty, where they belong. */
static void missing_sections(struct rewriter *rw, uint32_t *had, int before,
			     void (*section)(struct rewriter *rw, uint8_t id))
{
	static const uint8_t ids[] = { 13, 6, 7, 9 }, none[] = { 0 };
	struct reader *r = &rw->r;
	const uint8_t *p = r->p, *end = r->end;

	for (size_t i = 0; i < sizeof(ids); i++) {
		if (section_order(ids[i]) >= before || *had >> ids[i] & 1 || !is_needed(rw, ids[i]))
			continue;
		*had |= 1u << ids[i];
		r->p = none;
		r->end = none + 1;
		section(rw, ids[i]);
	}
	r->p = p;
	r->end = end;
}

void each_section(struct rewriter *rw, const uint8_t *image, size_t size,
		  void (*section)(struct rewriter *rw, uint8_t id))
{
	struct reader *r = &rw->r;
	uint32_t had = 0;

	skip(r, 8);
	put_bytes(&rw->out, image, 8);
	while (r->p < image + size && !r->bad) {
		uint8_t id = byte(r);
		uint32_t n = count(r);

		r->end = r->p + n;
		missing_sections(rw, &had, section_order(id), section);
		had |= 1u << (id & 31);
		section(rw, id);
		r->p = r->end;
		r->end = image + size;
	}
	missing_sections(rw, &had, INT32_MAX, section);
}

/* --- what kind of program it is --- */

static void check(struct rewriter *rw)
{
	struct wasm *w = &rw->w;
	uint32_t i;

	for (i = 0; i < w->nimports; i++) {
		rw->imported += w->imports[i].kind == WASM_FUNC;
		if (w->imports[i].kind != WASM_FUNC && w->imports[i].kind != WASM_MEMORY && !wasm_is_linked(w))
			fail(&rw->r, "imports %.40s.%.60s, which is not a system call",
			     w->imports[i].module, w->imports[i].name);
	}
	if (w->nmemories != 1 || w->memories[0].is64)
		fail(&rw->r, "has not one memory of 32 bits");
	else if (w->memories[0].min > 65534)
		fail(&rw->r, "needs more memory than there are addresses");
	rw->kept = rw->imported;
	if (!rw->r.bad)
		find_linked(rw, rw->how & REWRITE_LIBRARY);
	if (!rw->r.bad && !rw->out.bad)
		find_jumps(rw);
}

static int read_data(struct rewriter *rw, const void *image, size_t size,
		     struct rewritten *out)
{
	struct wasm_data d;
	int err = wasm_data_read(&rw->w, image, size, &d);

	if (err)
		return err;
	out->data_start = wasm_data_start(&rw->w, &d);
	out->data_end = (d.end + WASM_PAGE - 1) / WASM_PAGE * WASM_PAGE;
	if (out->data_end < WASM_PAGE)
		out->data_end = WASM_PAGE;
	out->end = rw->w.memories[0].min * WASM_PAGE;
	if (out->end < out->data_end)
		out->end = out->data_end;
	out->data = calloc(out->data_end - WASM_PAGE + 1, 1);
	if (out->data)
		wasm_data_copy(&d, image, WASM_PAGE, out->data, out->data_end - WASM_PAGE);
	else
		err = -ENOMEM;
	wasm_data_free(&d);
	return err;
}

int give_module(struct rewriter *rw, struct rewritten *out)
{
	if (rw->r.bad)
		return rw->r.err;
	if (rw->out.bad)
		return -ENOMEM;
	out->module = rw->out.p;
	out->size = rw->out.n;
	rw->out.p = NULL;
	return 0;
}

static int give_description(struct rewriter *rw, struct rewritten *out)
{
	struct bytes about = { 0 };

	describe_linked(rw, &about);
	out->about = (char *)about.p;
	out->nabout = about.n;
	return rw->out.bad ? -ENOMEM : 0;
}

static int rewrite_stripped(struct rewriter *rw, const void *image, size_t size,
			    struct rewritten *out)
{
	void *stripped;
	size_t n;
	int err;

	rw->r = (struct reader){ .error = out->error, .n = sizeof(out->error) };
	check(rw);
	if (rw->r.bad || rw->out.bad)
		return rw->r.bad ? rw->r.err : -ENOMEM;
	err = read_data(rw, image, size, out);
	if (!err)
		err = wasm_strip(&rw->w, image, size, &stripped, &n,
				 out->error, sizeof(out->error));
	if (err)
		return err;
	rw->r = (struct reader){ .image = stripped, .p = stripped, .error = out->error,
				 .end = (uint8_t *)stripped + n, .n = sizeof(out->error) };
	find_forks(rw, stripped, n);
	find_fenv(rw);
	if (rw->how & REWRITE_REENTERS)
		find_loops(rw, stripped, n);
	rw->added = rw->linked ? MMU_IMPORTS : uses_fenv(rw) ? ADDED_TO_FENV :
		rw->reach || rw->reenter ? ADDED_TO_FORK : ADDED;
	find_slots(rw, stripped, n);
	if (!rw->r.bad && !rw->out.bad)
		each_section(rw, stripped, n, section);
	free(stripped);
	err = give_module(rw, out);
	if (!err && rw->adapt) {
		out->slots = rw->adapt->slots;
		out->nslots = rw->adapt->nslots;
		rw->adapt->slots = NULL;
	}
	if (!err && rw->linked)
		err = give_description(rw, out);
	return err;
}

void rewriter_free(struct rewriter *rw)
{
	wasm_free(&rw->w);
	free(rw->out.p);
	free(rw->section.p);
	free(rw->body.p);
	free(rw->hints.p);
	free(rw->all_hints.p);
	adapt_free(rw);
	reach_free(rw);
	reenter_free(rw);
	forking_free(rw);
	linked_free(rw);
}

int rewrite(const void *image, size_t size, uint32_t tlb, uint32_t poll, uint32_t how, uint32_t slots,
	    struct rewritten *out)
{
	struct rewriter rw = { .tlb = tlb, .poll = poll, .how = how, .slots = slots,
		.setjmp = -1, .longjmp = -1, .fenv_get = -1, .fenv_set = -1 };
	int err;

	*out = (struct rewritten){ 0 };
	err = wasm_read(image, size, &rw.w, out->error, sizeof(out->error));
	if (err)
		return err;
	err = rewrite_stripped(&rw, image, size, out);
	rewriter_free(&rw);
	if (err)
		rewritten_free(out);
	if (err == -ENOMEM)
		snprintf(out->error, sizeof(out->error), "out of memory");
	return err;
}

void rewritten_free(struct rewritten *r)
{
	free(r->module);
	free(r->data);
	free(r->slots);
	free(r->about);
	r->module = r->data = NULL;
	r->slots = NULL;
	r->about = NULL;
}
