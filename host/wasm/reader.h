/* SPDX-License-Identifier: MIT */
/* Reading a WebAssembly image.  Private to wasm*.c. */
#ifndef MUSLIN_WASM_READER_H
#define MUSLIN_WASM_READER_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * After the first mistake every read gives 0, so that only loops and the end
 * have to look.  end is the end of the section or function that is read.
 */
struct reader {
	const uint8_t *image, *p, *end;
	bool bad;
	int err;
	char *error;
	size_t n;
	/* wasm_fix_code()'s */
	bool *inits;
	uint32_t ninits;
	/* fix_instruction()'s: the last that relaxed.c makes several of; how many there are */
	uint32_t relaxed, nrelaxed;
	const uint8_t *relaxed_at;
};

static inline void fail(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	if (r->bad)
		return;
	r->bad = true;
	r->err = -ENOEXEC;
	va_start(ap, fmt);
	vsnprintf(r->error, r->n, fmt, ap);
	va_end(ap);
}

static inline size_t where(const struct reader *r)
{
	return r->p - r->image;
}

static inline void truncated(struct reader *r)
{
	fail(r, "truncated at byte %zu", (size_t)(r->end - r->image));
	r->p = r->end;
}

static inline uint8_t byte(struct reader *r)
{
	if (r->bad || r->p == r->end) {
		truncated(r);
		return 0;
	}
	return *r->p++;
}

static inline void skip(struct reader *r, size_t n)
{
	if (r->bad || n > (size_t)(r->end - r->p))
		truncated(r);
	else
		r->p += n;
}

/* An unsigned LEB128 number, or the bits of a signed one. */
static inline uint64_t leb(struct reader *r, int bits)
{
	uint64_t v = 0;
	uint8_t b;

	for (int shift = 0; ; shift += 7) {
		b = byte(r);
		if (r->bad)
			return 0;
		if (shift >= bits) {
			fail(r, "invalid number at byte %zu", where(r) - 1);
			return 0;
		}
		v |= (uint64_t)(b & 127) << shift;
		if (!(b & 128))
			return v;
	}
}

static inline uint32_t u32(struct reader *r)
{
	uint64_t v = leb(r, 32);

	if (v >> 32)
		fail(r, "invalid number at byte %zu", where(r) - 1);
	return r->bad ? 0 : v;
}

/* A number of things of at least one byte each. */
static inline uint32_t count(struct reader *r)
{
	uint32_t n = u32(r);

	if (n > (size_t)(r->end - r->p))
		truncated(r);
	return r->bad ? 0 : n;
}

static inline char value_type(struct reader *r)
{
	uint8_t t = byte(r);

	switch (t) {
	case 0x7f:
		return 'i';
	case 0x7e:
		return 'l';
	case 0x7d:
		return 'f';
	case 0x7c:
		return 'd';
	case 0x7b:
		return 'v';
	case 0x70:
	case 0x6f:
		return 'r';
	}
	fail(r, "unknown type 0x%02x at byte %zu", t, where(r) - 1);
	return '?';
}

/*
 * What follows op in code, if that is no access to memory, change of a table, or op
 * of several bytes: then it is false.  code.c
 */
bool skip_immediates(struct reader *r, uint8_t op);
/* Any instruction, as wasm_fix_code() has it.  code.c */
void fix_instruction(struct reader *r);
/*
 * Replaces the instruction at at, op of relaxed SIMD, if another one can do what it does.
 * relaxed.c
 */
bool relax_in_place(uint8_t *at, const uint8_t *end, uint32_t op);

/* Sections come in the order of these numbers, custom ones anywhere. */
static inline int section_order(uint8_t id)
{
	static const uint8_t order[] = {
		[1] = 1, [2] = 2, [3] = 3, [4] = 4, [5] = 5, [13] = 6, [6] = 7,
		[7] = 8, [8] = 9, [9] = 10, [12] = 11, [10] = 12, [11] = 13,
	};

	return id < sizeof(order) ? order[id] : 0;
}

static inline void read_header(struct reader *r)
{
	static const uint8_t magic[] = { 0, 'a', 's', 'm' };
	size_t n = r->end - r->p;
	uint32_t version = 0;

	if (n < 4 || memcmp(r->p, magic, 4)) {
		fail(r, "not a WebAssembly module");
		return;
	}
	skip(r, 4);
	for (int i = 0; i < 4; i++)
		version |= (uint32_t)byte(r) << 8 * i;
	if (version != 1)
		fail(r, "WebAssembly version %u, only 1 is supported", version);
}

/* Enters the next section and returns its number, -1 at the end. */
static inline int next_section(struct reader *r, const uint8_t *end, int *last)
{
	uint32_t n;
	uint8_t id;
	int order;

	r->end = end;
	if (r->bad || r->p == end)
		return -1;
	id = byte(r);
	order = section_order(id);
	if (id && !order)
		fail(r, "unknown section %d at byte %zu", id, where(r) - 1);
	if (id && order <= *last)
		fail(r, "section %d is out of order at byte %zu", id,
		     where(r) - 1);
	if (id)
		*last = order;
	n = count(r);
	r->end = r->p + n;
	return r->bad ? -1 : id;
}

#endif
