/* SPDX-License-Identifier: MIT */
#include "fenv.h"

/* What a program may set: exceptions and mode of bits/fenv.h. */
#define FENV_BITS 0xc3du

/* float.c names operations by the instruction for double precision. */
#define DOUBLE_BEHIND_SINGLE 0x0e

static int64_t function_of(const struct rewriter *rw, const char *name, const char *type)
{
	const struct wasm_export *e = wasm_find_export(&rw->w, name);

	if (!e || e->kind != WASM_FUNC || e->index < rw->imported ||
	    strcmp(rw->w.types[rw->w.funcs[e->index]], type))
		return -1;
	return e->index;
}

void find_fenv(struct rewriter *rw)
{
	rw->fenv_get = function_of(rw, WASM_FENV_GET, ":i");
	rw->fenv_set = function_of(rw, WASM_FENV_SET, "i:");
}

static void put_address(struct rewriter *rw, uint8_t code)
{
	op_u32(rw, code, 2);
	put_u32(&rw->body, rw->tlb + SHARED_AT(fenv));
}

void fenv_function(struct rewriter *rw, bool sets)
{
	op(rw, 0);
	constant(rw, 0);
	if (sets) {
		get(rw, 0);
		constant(rw, FENV_BITS);
		op(rw, 0x71);
		put_address(rw, 0x36);
	} else {
		put_address(rw, 0x28);
	}
	op(rw, 0x0b);
	rw->r.p = rw->r.end;
}

/* 0xb2 to 0xb5 and 0xb7 to 0xba: what is exact stays */
static bool convert(struct rewriter *rw, uint8_t code)
{
	bool single = code < 0xb7, is_unsigned;
	uint32_t kind = code - (single ? 0xb2 : 0xb7);

	is_unsigned = kind & 1;
	if (!single && kind < 2)
		return false;
	if (kind < 2)
		op(rw, is_unsigned ? 0xad : 0xac);
	constant(rw, is_unsigned + 2 * single);
	call(rw, CONVERT);
	if (single)
		op(rw, 0xb6);
	return true;
}

bool floating(struct rewriter *rw, uint8_t code)
{
	bool single = code >= 0x90 && code <= 0x95;

	if ((code >= 0xb2 && code <= 0xb5) || (code >= 0xb7 && code <= 0xba))
		return convert(rw, code);
	if (code == 0xb6) {
		call(rw, DEMOTE);
		return true;
	}
	if (!single && (code < 0x9e || code > 0xa3))
		return false;
	if (code == 0x90 || code == 0x91 || code == 0x9e || code == 0x9f)
		number(rw, !single, 0);
	constant(rw, single ? code + DOUBLE_BEHIND_SINGLE : code);
	call(rw, single ? FLOAT32 : FLOAT64);
	return true;
}

void raise_inexact(struct rewriter *rw, uint32_t local, uint32_t how)
{
	get(rw, local);
	if (!(how & 2))
		op(rw, 0xbb);
	constant(rw, (how & 1) | (how & 4) >> 1);
	call(rw, TRUNCATES);
}

void raise_saturating(struct rewriter *rw, uint32_t code)
{
	uint32_t v = rw->value[code & 2 ? 3 : 2];

	tee(rw, v);
	raise_inexact(rw, v, code);
}
