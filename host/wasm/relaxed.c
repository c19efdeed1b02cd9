/* SPDX-License-Identifier: MIT */
/*
 * Relaxed SIMD as instructions that wasm2c 1.0.36 knows, since it has none of it.  Each is
 * one of the results that the specification leaves open: those of one instruction of x86
 * where there is one, products that are rounded before they are added.
 */
#include "wasm/plan.h"

enum {	/* after 0xfd */
	F32X4_MADD = 0x105, F32X4_NMADD, F64X2_MADD, F64X2_NMADD,
	DOT = 0x112, DOT_ADD = 0x113,
};

/* Variables that a function gets for those that take several instructions. */
enum { VARIABLES = 3 };

/* No instruction becomes more bytes than that, with variables of five bytes' number. */
enum { MOST = 128 };

bool relax_in_place(uint8_t *at, const uint8_t *end, uint32_t op)
{
	static const uint8_t one[0x14] = {
		[0x00] = 0x0e,					/* swizzle */
		[0x01] = 0xf8, 0xf9, 0xfc, 0xfd,		/* trunc_sat */
		[0x09] = 0x52, 0x52, 0x52, 0x52,		/* bitselect */
		[0x0d] = 0xea, 0xeb, 0xf6, 0xf7,		/* pmin, pmax */
		[0x11] = 0x82,					/* q15mulr_sat */
	};
	uint8_t to = one[op - 0x100];

	if (!to)
		return false;
	memset(at, 0x01, end - at);
	at[1] = to;
	if (to & 0x80)
		at[2] = 1;
	at[0] = 0xfd;
	return true;
}

/* --- code that is written --- */

struct code {
	uint8_t *p;
	uint32_t variables;	/* the first of them */
};

static void put_leb(struct code *c, uint32_t v)
{
	for (; v > 127; v >>= 7)
		*c->p++ = v | 128;
	*c->p++ = v;
}

static void put_vector(struct code *c, uint32_t op)
{
	*c->p++ = 0xfd;
	put_leb(c, op);
}

static void put_variable(struct code *c, uint8_t op, unsigned int i)
{
	*c->p++ = op;
	put_leb(c, c->variables + i);
}

static void put_get(struct code *c, unsigned int i)
{
	put_variable(c, 0x20, i);
}

static void put_set(struct code *c, unsigned int i)
{
	put_variable(c, 0x21, i);
}

/* Two vectors from the stack: as variables 0 and 1, which stay there. */
static void put_pair(struct code *c)
{
	put_set(c, 1);
	put_variable(c, 0x22, 0);
	put_get(c, 1);
}

/* Of two vectors the lanes of 16 bits that are even, or odd. */
static void put_lanes(struct code *c, unsigned int odd)
{
	put_vector(c, 0x0d);
	for (unsigned int i = 0; i < 16; i++)
		*c->p++ = (i & ~1u) * 2 + 2 * odd + (i & 1);
}

/* a b: products of bytes, neighbours added */
static void put_dot(struct code *c)
{
	put_pair(c);
	put_vector(c, 0x9c);			/* i16x8.extmul_low_i8x16_s */
	put_get(c, 0);
	put_get(c, 1);
	put_vector(c, 0x9d);			/* i16x8.extmul_high_i8x16_s */
	put_pair(c);
	put_lanes(c, 0);
	put_get(c, 0);
	put_get(c, 1);
	put_lanes(c, 1);
	put_vector(c, 0x8e);			/* i16x8.add */
}

/* a b c: c + a * b, or c - a * b */
static void put_madd(struct code *c, uint32_t mul, uint32_t add)
{
	put_set(c, 2);
	put_vector(c, mul);
	put_set(c, 0);
	put_get(c, 2);
	put_get(c, 0);
	put_vector(c, add);
}

static void put_relaxed(struct code *c, uint32_t op)
{
	switch (op) {
	case F32X4_MADD:
		put_madd(c, 0xe6, 0xe4);
		break;
	case F32X4_NMADD:
		put_madd(c, 0xe6, 0xe5);
		break;
	case F64X2_MADD:
		put_madd(c, 0xf2, 0xf0);
		break;
	case F64X2_NMADD:
		put_madd(c, 0xf2, 0xf1);
		break;
	case DOT:
		put_dot(c);
		break;
	case DOT_ADD:
		put_set(c, 2);
		put_dot(c);
		put_vector(c, 0x7e);		/* i32x4.extadd_pairwise_i16x8_s */
		put_get(c, 2);
		put_vector(c, 0xae);		/* i32x4.add */
		break;
	}
}

/* --- functions --- */

size_t relaxed_room(uint32_t n, uint32_t nfuncs)
{
	return n ? (size_t)n * MOST + (size_t)nfuncs * 16 : 0;
}

/* Goes to the next that takes several instructions, behind it; 0: there is none. */
static uint32_t next_relaxed(struct reader *r)
{
	r->relaxed = 0;
	while (r->p < r->end && !r->bad && !r->relaxed)
		fix_instruction(r);
	return r->relaxed;
}

/* The declarations, and three more; what comes after them is where r is then. */
static void put_variables(struct reader *r, uint32_t params, struct code *c)
{
	uint32_t groups = count(r), i;
	const uint8_t *from = r->p;

	c->variables = params;
	for (i = 0; i < groups; i++) {
		c->variables += u32(r);
		value_type(r);
	}
	put_leb(c, groups + 1);
	memcpy(c->p, from, r->p - from);
	c->p += r->p - from;
	put_leb(c, VARIABLES);
	*c->p++ = 0x7b;
}

/* A body, of which its size is left out. */
static void put_body(struct reader *r, uint32_t params, struct code *c)
{
	const uint8_t *begin = r->p, *from;
	uint32_t op;

	for (uint32_t i = count(r); i && !r->bad; i--) {
		u32(r);
		value_type(r);
	}
	op = next_relaxed(r);
	r->p = begin;
	if (op) {
		put_variables(r, params, c);
		for (from = r->p; (op = next_relaxed(r)); from = r->p) {
			memcpy(c->p, from, r->relaxed_at - from);
			c->p += r->relaxed_at - from;
			put_relaxed(c, op);
		}
		begin = from;
	}
	memcpy(c->p, begin, r->end - begin);
	c->p += r->end - begin;
	r->p = r->end;
}

/* Of what is behind it, in five bytes. */
static void put_size(uint8_t *at, const uint8_t *end)
{
	uint32_t n = end - at - 5;

	for (int i = 0; i < 5; i++, n >>= 7)
		at[i] = (n & 127) | (i < 4 ? 128 : 0);
}

uint8_t *put_relaxed_code(struct reader *r, const struct wasm *w, uint8_t *to)
{
	uint32_t n = count(r), f = w->nfuncs - n;
	const uint8_t *end = r->end;
	struct code c = { .p = to + 6 };
	uint8_t *size;

	*to = 10;
	put_leb(&c, n);
	for (; f < w->nfuncs && !r->bad; f++) {
		const char *type = w->types[w->funcs[f]];

		size = c.p;
		c.p += 5;
		n = count(r);
		r->end = r->p + n;
		put_body(r, strcspn(type, ":"), &c);
		put_size(size, c.p);
		r->end = end;
	}
	put_size(to + 1, c.p);
	return c.p;
}
