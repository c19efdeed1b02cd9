/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "walk.h"

/* Makes room for one more of n things of that size. */
static void *grow(struct walk *k, void *p, uint32_t n, uint32_t *max, size_t size)
{
	uint32_t more = 2 * n + 64;
	void *q;

	if (n < *max)
		return p;
	q = realloc(p, more * size);
	if (!q) {
		k->bad = true;
		return p;
	}
	*max = more;
	return q;
}

static void out_of_memory(struct walk *k, struct reader *r)
{
	if (!k->bad)
		return;
	fail(r, "out of memory");
	r->err = -ENOMEM;
}

void walk_push(struct walk *k, struct reader *r, char type)
{
	k->stack = grow(k, k->stack, k->n, &k->max, sizeof(*k->stack));
	out_of_memory(k, r);
	if (!r->bad)
		k->stack[k->n++] = (struct operand){ .type = type };
}

static struct operand pop(struct walk *k, struct reader *r)
{
	if (!r->bad && k->depth && k->n > k->blocks[k->depth - 1].base)
		return k->stack[--k->n];
	fail(r, "takes an operand that is not there, at byte %zu", where(r));
	return (struct operand){ .type = 'i' };
}

static void pop_n(struct walk *k, struct reader *r, size_t n)
{
	while (n-- && !r->bad)
		pop(k, r);
}

static void push_all(struct walk *k, struct reader *r, const char *types)
{
	for (; *types && *types != ':' && !r->bad; types++)
		walk_push(k, r, *types);
}

/* "operands:results" */
static void effect(struct walk *k, struct reader *r, const char *type)
{
	pop_n(k, r, params_of(type));
	push_all(k, r, results_of(type));
}

const char *block_type(const struct wasm *w, struct reader *r)
{
	static const char *const one[] = {
		[0x40] = "", [0x7f] = "i", [0x7e] = "l", [0x7d] = "f", [0x7c] = "d",
		[0x7b] = "v", [0x70] = "r", [0x6f] = "r",
	};
	uint8_t first = r->p < r->end ? *r->p : 0x40;
	uint64_t index = leb(r, 33);

	if (first >= 0x40 && first < 0x80) {
		if (one[first])
			return one[first];
	} else if (index < w->ntypes) {
		return w->types[index];
	}
	fail(r, "unknown type of a block at byte %zu", where(r));
	return "";
}

static void open_block(struct walk *k, struct reader *r, uint8_t op, const char *type)
{
	k->blocks = grow(k, k->blocks, k->depth, &k->max_blocks, sizeof(*k->blocks));
	out_of_memory(k, r);
	if (r->bad)
		return;
	if (params_of(type) > k->n)
		fail(r, "has a block without its operands at byte %zu", where(r));
	else
		k->blocks[k->depth++] = (struct block){ op, k->n - params_of(type), type };
}

/* The letters of a block's parameters, and a colon, if it has any. */
static const char *params(const char *type)
{
	return strchr(type, ':') ? type : "";
}

/* Another part of the same block, which begins with those. */
static void next_part(struct walk *k, struct reader *r, const char *types)
{
	if (!k->depth) {
		fail(r, "has a part of no block at byte %zu", where(r));
		return;
	}
	k->n = k->blocks[k->depth - 1].base;
	k->dead = false;
	push_all(k, r, types);
}

static void close_block(struct walk *k, struct reader *r)
{
	const char *type;

	if (!k->depth) {
		fail(r, "ends no block at byte %zu", where(r));
		return;
	}
	type = k->blocks[--k->depth].type;
	k->n = k->blocks[k->depth].base;
	k->dead = false;
	push_all(k, r, results_of(type));
}

void walk_function(struct walk *k, struct reader *r, const char *type)
{
	uint64_t n = params_of(type), i = n, many;
	const uint8_t *from = r->p;

	k->n = k->depth = k->nested = 0;
	k->dead = false;
	for (uint32_t groups = count(r); groups && !r->bad; groups--) {
		n += u32(r);
		value_type(r);
	}
	if (n > 50000)
		fail(r, "has a function with %llu variables", (unsigned long long)n);
	if (r->bad)
		return;
	if (n > k->max_locals) {
		free(k->locals);
		free(k->stored);
		free(k->version);
		k->locals = malloc(n);
		k->stored = malloc(n);
		k->version = malloc(n * sizeof(*k->version));
		k->max_locals = k->locals && k->stored && k->version ? n : 0;
		k->bad |= !k->max_locals;
		out_of_memory(k, r);
		if (r->bad)
			return;
	}
	k->nlocals = n;
	if (n) {
		memcpy(k->locals, type, i);
		memset(k->stored, 0, n);
		memset(k->version, 0, n * sizeof(*k->version));
	}
	r->p = from;
	for (uint32_t groups = count(r); groups; groups--) {
		many = u32(r);
		memset(k->locals + i, value_type(r), many);
		i += many;
	}
	open_block(k, r, 0, results_of(type));
}

void walk_free(struct walk *k)
{
	free(k->locals);
	free(k->stored);
	free(k->version);
	free(k->stack);
	free(k->blocks);
}

static char local(struct walk *k, struct reader *r, uint32_t *i)
{
	*i = u32(r);
	if (*i < k->nlocals)
		return k->locals[*i];
	fail(r, "unknown variable at byte %zu", where(r));
	*i = 0;
	return 'i';
}

static void variable(struct walk *k, struct reader *r, uint8_t op)
{
	uint32_t i;
	char type = local(k, r, &i);

	if (r->bad)
		return;
	if (op != 0x20) {
		pop(k, r);
		k->stored[i] = false;
		k->version[i]++;
	}
	if (op == 0x21)
		return;
	walk_push(k, r, type);
	if (r->bad)
		return;
	k->stack[k->n - 1].copy_of = i + 1;
	k->stack[k->n - 1].version = k->version[i];
}

int64_t walk_copy_of(const struct walk *k, const struct operand *o)
{
	return o->copy_of && o->version == k->version[o->copy_of - 1] ? o->copy_of - 1ll : -1;
}

static void memarg(struct reader *r)
{
	if (u32(r) & 64)
		u32(r);
	leb(r, 64);
}

static void store(struct walk *k, struct reader *r)
{
	struct operand address;
	int64_t local;

	pop(k, r);
	address = pop(k, r);
	local = walk_copy_of(k, &address);
	if (local >= 0)
		k->stored[local] = true;
}

/* 0x45 to 0xc4: how many of them have that effect */
static const struct {
	uint8_t n;
	const char *type;
} numeric[] = {
	{ 1, "i:i" }, { 10, "ii:i" }, { 1, "l:i" }, { 10, "ll:i" }, { 6, "ff:i" },
	{ 6, "dd:i" }, { 3, "i:i" }, { 15, "ii:i" }, { 3, "l:l" }, { 15, "ll:l" },
	{ 7, "f:f" }, { 7, "ff:f" }, { 7, "d:d" }, { 7, "dd:d" }, { 1, "l:i" },
	{ 2, "f:i" }, { 2, "d:i" }, { 2, "i:l" }, { 2, "f:l" }, { 2, "d:l" },
	{ 2, "i:f" }, { 2, "l:f" }, { 1, "d:f" }, { 2, "i:d" }, { 2, "l:d" },
	{ 1, "f:d" }, { 1, "f:i" }, { 1, "d:l" }, { 1, "i:f" }, { 1, "l:d" },
	{ 2, "i:i" }, { 3, "l:l" },
};

static const char *numeric_type(uint8_t op)
{
	unsigned int first = 0x45;

	for (size_t i = 0; i < sizeof(numeric) / sizeof(*numeric); i++) {
		first += numeric[i].n;
		if (op < first)
			return numeric[i].type;
	}
	return "";
}

const char *vector_type(uint32_t op)
{
	/* one letter for each; what they mean is below; '-': there is none */
	static const char classes[] =
		"LLLLLLLLLLLSc22iiilfdttIttItInNg"
		"GhH22222222222222222222222222222"
		"2222222222222122223tMMMMWWWWLL11"
		"111tt221111sss222222112222121111"
		"112tt221111sss222222122222-22222"
		"11-tt--1111sss2--2---222222-2222"
		"11-tt--1111sss2--2---22222222222"
		"11-12222222211-12222222211111111"
		"21111333333332222223";

	switch (op < sizeof(classes) - 1 ? classes[op] : '-') {
	case 'L': return "i:v";
	case 'S': return "iv:";
	case 'M': return "iv:v";
	case 'W': return "iv:";
	case 'c': return ":v";
	case '1': return "v:v";
	case '2': return "vv:v";
	case '3': return "vvv:v";
	case 's': return "vi:v";
	case 't': return "v:i";
	case 'i': return "i:v";
	case 'l': return "l:v";
	case 'f': return "f:v";
	case 'd': return "d:v";
	case 'I': return "vi:v";
	case 'n': return "v:l";
	case 'N': return "vl:v";
	case 'g': return "v:f";
	case 'G': return "vf:v";
	case 'h': return "v:d";
	case 'H': return "vd:v";
	}
	return NULL;
}

static void vector_immediates(struct reader *r, uint32_t op)
{
	if (op <= 0x0b || (op >= 0x54 && op <= 0x5d))
		memarg(r);
	if (op == 0x0c || op == 0x0d)
		skip(r, 16);
	if ((op >= 0x15 && op <= 0x22) || (op >= 0x54 && op <= 0x5b))
		byte(r);
}

static void vector(struct walk *k, struct reader *r)
{
	uint32_t op = u32(r);
	const char *type = vector_type(op);

	vector_immediates(r, op);
	if (type)
		effect(k, r, type);
	else
		fail(r, "unknown instruction 0xfd 0x%x at byte %zu", op, where(r));
}

static void misc(struct walk *k, struct reader *r)
{
	static const char *const conversions[] = {
		"f:i", "f:i", "d:i", "d:i", "f:l", "f:l", "d:l", "d:l",
	};
	uint32_t op = u32(r);

	if (op < 8) {
		effect(k, r, conversions[op]);
	} else if (op == 8 || op == 10) {
		u32(r);
		u32(r);
		effect(k, r, "iii:");
	} else if (op == 11) {
		u32(r);
		effect(k, r, "iii:");
	} else if (op == 9 || op == 13) {
		u32(r);
	} else if (op == 16) {
		u32(r);
		effect(k, r, ":i");
	} else {
		fail(r, "unknown instruction 0xfc 0x%x at byte %zu", op, where(r));
	}
}

static void atomic(struct walk *k, struct reader *r)
{
	static const char longs[] = "iliilll";	/* what kind is of */
	uint32_t op = u32(r);
	char value, type[] = "ivv:v";

	if (op == 3) {
		byte(r);
		return;
	}
	memarg(r);
	if (op < 0x10) {
		effect(k, r, op == 0 ? "ii:i" : op == 1 ? "iil:i" : "ill:i");
		return;
	}
	value = longs[(op - 0x10) % 7];
	type[1] = type[2] = type[4] = value;
	if (op < 0x17)
		walk_push(k, r, (pop(k, r), value));
	else if (op < 0x1e)
		store(k, r);
	else
		effect(k, r, op < 0x48 ? type + 1 : type);
}

static void call(struct walk *k, struct reader *r, uint8_t op)
{
	uint32_t i = u32(r);

	if (op == 0x11) {
		u32(r);
		pop(k, r);
		if (i < k->w->ntypes)
			effect(k, r, k->w->types[i]);
		else
			fail(r, "unknown type at byte %zu", where(r));
	} else if (i < k->w->nfuncs) {
		effect(k, r, k->w->types[k->w->funcs[i]]);
	} else {
		fail(r, "unknown function at byte %zu", where(r));
	}
}

/* A load or store: 0x28 to 0x3e */
static void plain_access(struct walk *k, struct reader *r, uint8_t op)
{
	static const char loads[] = "ilfdiiiillllll";

	memarg(r);
	if (op >= 0x36) {
		store(k, r);
		return;
	}
	pop(k, r);
	walk_push(k, r, loads[op - 0x28]);
}

static bool opens(uint8_t op)
{
	return op == 0x02 || op == 0x03 || op == 0x04 || op == 0x06;
}

bool walk_revives(const struct walk *k, uint8_t op)
{
	return !k->nested && (op == 0x05 || op == 0x07 || op == 0x19 || op == 0x0b || op == 0x18);
}

static void skip_dead(struct walk *k, struct reader *r)
{
	uint8_t op = r->p < r->end ? *r->p : 0;

	if (opens(op))
		k->nested++;
	if (op == 0x0b || op == 0x18)
		k->nested--;
	skip_instruction(r);
}

void skip_instruction(struct reader *r)
{
	uint8_t code = byte(r);
	uint32_t op;

	switch (code) {
	case 0x26:
		u32(r);
		break;
	case 0x28 ... 0x3e:
		memarg(r);
		break;
	case 0xfc:
		op = u32(r);
		if (op >= 8)
			u32(r);
		if (op == 8 || op == 10 || op == 12 || op == 14)
			u32(r);
		break;
	case 0xfd:
		vector_immediates(r, u32(r));
		break;
	case 0xfe:
		op = u32(r);
		if (op == 3)
			byte(r);
		else
			memarg(r);
		break;
	default:
		if (!skip_immediates(r, code))
			fail(r, "unknown instruction 0x%02x at byte %zu", code, where(r) - 1);
	}
}

static void block(struct walk *k, struct reader *r, uint8_t op)
{
	if (op == 0x04)
		pop(k, r);
	open_block(k, r, op, block_type(k->w, r));
}

static void select_operand(struct walk *k, struct reader *r)
{
	pop(k, r);
	pop(k, r);
	if (k->n)
		k->stack[k->n - 1].copy_of = 0;
}

static const char *tag_type(struct walk *k, struct reader *r)
{
	uint32_t tag = u32(r);

	if (tag < k->w->ntags)
		return k->w->types[k->w->tags[tag]];
	fail(r, "unknown exception at byte %zu", where(r));
	return ":";
}

static void rest(struct walk *k, struct reader *r, uint8_t op)
{
	if (!skip_immediates(r, op)) {
		fail(r, "unknown instruction 0x%02x at byte %zu", op, where(r) - 1);
		return;
	}
	switch (op) {
	case 0x01:
		return;
	case 0x0d: case 0x1a:
		pop(k, r);
		return;
	case 0x00: case 0x08: case 0x09: case 0x0c: case 0x0e: case 0x0f:
		k->dead = true;
		return;
	case 0x1b: case 0x1c:
		select_operand(k, r);
		return;
	case 0x25:
		effect(k, r, "i:r");
		return;
	case 0x3f:
		effect(k, r, ":i");
		return;
	case 0x40:
		effect(k, r, "i:i");
		return;
	case 0x41 ... 0x44:
		walk_push(k, r, "ilfd"[op - 0x41]);
		return;
	case 0x45 ... 0xc4:
		effect(k, r, numeric_type(op));
		return;
	case 0xd0: case 0xd2:
		walk_push(k, r, 'r');
		return;
	case 0xd1:
		effect(k, r, "r:i");
		return;
	}
	fail(r, "unknown instruction 0x%02x at byte %zu", op, where(r) - 1);
}

void walk_instruction(struct walk *k, struct reader *r)
{
	uint8_t code = r->p < r->end ? *r->p : 0;
	uint32_t i;

	if (k->dead && !walk_revives(k, code)) {
		skip_dead(k, r);
		return;
	}
	code = byte(r);
	switch (code) {
	case 0x02: case 0x03: case 0x04: case 0x06:
		block(k, r, code);
		return;
	case 0x05:
		next_part(k, r, k->depth ? params(k->blocks[k->depth - 1].type) : "");
		return;
	case 0x07:
		next_part(k, r, tag_type(k, r));
		return;
	case 0x19:
		next_part(k, r, "");
		return;
	case 0x18:
		u32(r);
		/* fall through */
	case 0x0b:
		close_block(k, r);
		return;
	case 0x10: case 0x11:
		call(k, r, code);
		return;
	case 0x20 ... 0x22:
		variable(k, r, code);
		return;
	case 0x23: case 0x24:
		i = u32(r);
		if (i >= k->w->nglobals)
			fail(r, "unknown global at byte %zu", where(r));
		else if (code == 0x23)
			walk_push(k, r, k->w->globals[i].type);
		else
			pop(k, r);
		return;
	case 0x28 ... 0x3e:
		plain_access(k, r, code);
		return;
	case 0xfc:
		misc(k, r);
		return;
	case 0xfd:
		vector(k, r);
		return;
	case 0xfe:
		atomic(k, r);
		return;
	default:
		rest(k, r, code);
	}
}
