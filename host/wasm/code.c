/* SPDX-License-Identifier: MIT */
/* Function bodies, as far as wasm2c cannot take them as they are. */
#include "wasm/wasm.h"
#include "wasm/reader.h"

static void lebs(struct reader *r, uint32_t n)
{
	while (n-- && !r->bad)
		leb(r, 64);
}

static void skip_memarg(struct reader *r)
{
	uint32_t align = u32(r);

	if (align & 64)		/* one of several memories */
		u32(r);
	leb(r, 64);
}

bool skip_immediates(struct reader *r, uint8_t op)
{
	switch (op) {
	case 0x02: case 0x03: case 0x04: case 0x06:	/* a block's type */
		leb(r, 33);
		return true;
	case 0x07: case 0x08: case 0x09: case 0x0c: case 0x0d: case 0x10:
	case 0x12: case 0x18: case 0x20: case 0x21: case 0x22: case 0x23:
	case 0x24: case 0x25: case 0x3f: case 0x40: case 0x41:
	case 0x42: case 0xd0: case 0xd2:
		lebs(r, 1);
		return true;
	case 0x11: case 0x13:
		lebs(r, 2);
		return true;
	case 0x0e:				/* br_table */
		lebs(r, count(r));
		lebs(r, 1);
		return true;
	case 0x1c:				/* select t* */
		lebs(r, count(r));
		return true;
	case 0x43:
		skip(r, 4);
		return true;
	case 0x44:
		skip(r, 8);
		return true;
	case 0x00: case 0x01: case 0x05: case 0x0a: case 0x0b: case 0x0f:
	case 0x19: case 0x1a: case 0x1b: case 0x45 ... 0xc4: case 0xd1:
		return true;
	}
	return false;
}

/*
 * After fork() parent and child have one function table between them.  No
 * compiler of C changes it.
 */
static void refuse_table_change(struct reader *r)
{
	fail(r, "changes its function table, which is not supported");
}

/* 0xfc: saturating truncation, bulk memory, tables */
static void skip_misc(struct reader *r)
{
	uint32_t op = u32(r), segment;

	if (op > 17)
		fail(r, "unknown instruction 0xfc 0x%x at byte %zu", op,
		     where(r) - 1);
	if (op == 8) {
		segment = u32(r);
		if (segment < r->ninits)
			r->inits[segment] = true;
		u32(r);
	} else if (op == 10 || op == 12 || op == 14) {
		lebs(r, 2);
	} else if (op > 8) {
		lebs(r, 1);
	}
	/* table.init, copy, grow and fill */
	if (op == 12 || op == 14 || op == 15 || op == 17)
		refuse_table_change(r);
}

/* Of 0xfd: those that the specification has left out below 0x100. */
static bool is_vector_gap(uint32_t op)
{
	static const uint8_t gaps[] = {
		0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2,
		0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee,
	};

	return memchr(gaps, op, sizeof(gaps));
}

static void fix_vector(struct reader *r, const uint8_t *from)
{
	uint32_t op = u32(r);

	if (op >= 0x100 && op <= 0x113) {
		if (!r->bad && !relax_in_place((uint8_t *)from, r->p, op)) {
			r->relaxed = op;
			r->relaxed_at = from;
			r->nrelaxed++;
		}
		return;
	}
	if (op > 0xff || is_vector_gap(op))
		fail(r, "unknown instruction 0xfd 0x%x at byte %zu", op, where(r) - 1);
	switch (op) {
	case 0x00 ... 0x0b: case 0x54 ... 0x5d:	/* load, store */
		skip_memarg(r);
		if (op >= 0x54 && op <= 0x5b)	/* a lane */
			byte(r);
		break;
	case 0x0c: case 0x0d:			/* const, shuffle */
		skip(r, 16);
		break;
	case 0x15 ... 0x22:			/* extract and replace a lane */
		byte(r);
		break;
	}
}

static void fix_atomic(struct reader *r, const uint8_t *from)
{
	uint8_t *at = (uint8_t *)from;
	uint32_t op = u32(r);

	if (op == 3) {		/* fence */
		byte(r);
		return;
	}
	skip_memarg(r);
	if (r->bad || op > 2)
		return;
	/* at least four bytes; nop fills the rest */
	memset(at, 0x01, r->p - at);
	if (op == 0)
		memcpy(at, "\x1a\x1a\x41", 4);	/* drop drop i32.const 0 */
	else
		at[0] = 0x00;			/* unreachable */
}

void fix_instruction(struct reader *r)
{
	const uint8_t *from = r->p;
	uint8_t op = byte(r);

	switch (op) {
	case 0x26:				/* table.set */
		refuse_table_change(r);
		break;
	case 0x28 ... 0x3e:
		skip_memarg(r);
		break;
	case 0xfc:
		skip_misc(r);
		break;
	case 0xfe:
		fix_atomic(r, from);
		break;
	case 0xfd:
		fix_vector(r, from);
		break;
	default:
		if (!skip_immediates(r, op))
			fail(r, "unknown instruction 0x%02x at byte %zu", op,
			     where(r) - 1);
	}
}

/*
 * Five bytes can declare 50,000 variables, and wasm2c writes a line for each:
 * no program has more than bytes of code, but for small ones.
 */
static void count_locals(struct reader *r, uint64_t *locals)
{
	for (uint32_t n = count(r); n && !r->bad; n--) {
		*locals += u32(r);
		value_type(r);
	}
	if (*locals > WASM_MAX_VARIABLES + where(r))
		fail(r, "declares more than %llu local variables up to byte %zu",
		     WASM_MAX_VARIABLES + (unsigned long long)where(r), where(r));
}

static void fix_function(struct reader *r, uint64_t *locals)
{
	const uint8_t *end = r->end;
	uint32_t size = count(r);

	r->end = r->p + size;
	count_locals(r, locals);
	while (r->p < r->end && !r->bad)
		fix_instruction(r);
	r->end = end;
}

int wasm_fix_code(void *image, size_t size, bool *inits, uint32_t ninits,
		  uint32_t *relaxed, char *error, size_t n)
{
	struct reader r = {
		.image = image, .p = image, .end = (uint8_t *)image + size,
		.error = error, .n = n, .inits = inits, .ninits = ninits,
	};
	const uint8_t *end = r.end;
	uint64_t locals = 0;
	int last = 0, id;

	read_header(&r);
	while ((id = next_section(&r, end, &last)) >= 0) {
		if (id != 10) {
			r.p = r.end;
			continue;
		}
		for (uint32_t i = count(&r); i && !r.bad; i--)
			fix_function(&r, &locals);
		r.p = r.end;
	}
	*relaxed = r.nrelaxed;
	return r.err;
}
