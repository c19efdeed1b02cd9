/* SPDX-License-Identifier: MIT */
/*
 * Where in its source a function begins, as a module's .debug_line says: DWARF 4 and 5,
 * of 32 bits, as clang writes it.  An address is an offset in the code section.
 */
#include "wasm/wasm.h"
#include "wasm/reader.h"

enum { MAX_FORMATS = 8, NAME = 1 };	/* DW_LNCT_path */

enum {	/* DW_FORM_ */
	FORM_DATA2 = 0x05, FORM_DATA4 = 0x06, FORM_DATA8 = 0x07, FORM_STRING = 0x08,
	FORM_BLOCK = 0x09, FORM_DATA1 = 0x0b, FORM_STRP = 0x0e, FORM_UDATA = 0x0f,
	FORM_DATA16 = 0x1e, FORM_LINE_STRP = 0x1f,
};

struct sections {
	struct reader line, str, line_str;	/* bad, if not there */
};

/* The header of a unit's program. */
struct unit {
	struct reader files;	/* from the directories on */
	uint16_t version;
	uint8_t min_length, line_range, opcode_base;
	int8_t line_base;
	uint8_t lengths[256];	/* operands of standard opcodes */
};

struct row {
	uint64_t address;
	uint32_t file, line;
};

static uint64_t fixed(struct reader *r, unsigned int bytes)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < bytes; i++)
		v |= (uint64_t)byte(r) << 8 * i;
	return v;
}

/* A signed number, as the two's complement of it: what is added to may wrap. */
static uint64_t signed_leb(struct reader *r)
{
	const uint8_t *p = r->p;
	uint64_t v = leb(r, 64);
	unsigned int bits = 7 * (r->p - p);

	if (!r->bad && bits < 64 && v >> (bits - 1) & 1)
		v |= ~0ull << bits;
	return v;
}

/* A string that ends in the section, or NULL. */
static const char *string(struct reader *r)
{
	const char *s = (const char *)r->p;
	const uint8_t *end = r->bad ? NULL : memchr(r->p, 0, r->end - r->p);

	if (!end) {
		truncated(r);
		return NULL;
	}
	r->p = end + 1;
	return s;
}

static const char *string_at(const struct reader *section, uint64_t at)
{
	struct reader r = *section;

	skip(&r, at);
	return string(&r);
}

/* One value of a file's or directory's entry: its text, or its number. */
static const char *value(const struct sections *s, struct reader *r, uint64_t form,
			 uint64_t *number)
{
	static const uint8_t bytes[] = {
		[FORM_DATA1] = 1, [FORM_DATA2] = 2, [FORM_DATA4] = 4, [FORM_DATA8] = 8,
		[FORM_STRP] = 4, [FORM_LINE_STRP] = 4,
	};

	switch (form) {
	case FORM_STRING:
		return string(r);
	case FORM_STRP:
		return string_at(&s->str, fixed(r, 4));
	case FORM_LINE_STRP:
		return string_at(&s->line_str, fixed(r, 4));
	case FORM_UDATA:
		*number = leb(r, 64);
		return NULL;
	case FORM_BLOCK:
		skip(r, leb(r, 64));
		return NULL;
	case FORM_DATA16:
		skip(r, 16);
		return NULL;
	}
	if (form >= sizeof(bytes) || !bytes[form])
		fail(r, "unknown form");
	else
		*number = fixed(r, bytes[form]);
	return NULL;
}

/* Entry i of a table of version 5, or where that ends; NULL if it has none. */
static const char *entry(const struct sections *s, struct reader *r, uint64_t i)
{
	uint64_t formats[MAX_FORMATS][2], n = byte(r), number;
	const char *name = NULL, *text;

	if (n > MAX_FORMATS)
		fail(r, "too many formats");
	for (uint64_t k = 0; k < n && !r->bad; k++) {
		formats[k][0] = leb(r, 64);
		formats[k][1] = leb(r, 64);
	}
	/* an entry of nothing would need no byte */
	for (uint64_t left = leb(r, 64); n && left && !r->bad; left--) {
		for (uint64_t k = 0; k < n; k++) {
			text = value(s, r, formats[k][1], &number);
			if (!i && formats[k][0] == NAME)
				name = text;
		}
		if (!i--)
			return name;
	}
	return NULL;
}

static const char *file_name(const struct sections *s, const struct unit *u, uint64_t i)
{
	struct reader r = u->files;
	const char *name;

	if (u->version >= 5) {
		entry(s, &r, UINT64_MAX);	/* directories */
		return entry(s, &r, i);
	}
	while ((name = string(&r)) && *name)
		;
	while ((name = string(&r)) && *name && --i)
		for (int k = 0; k < 3; k++)
			leb(&r, 64);
	return name && *name ? name : NULL;
}

/* Enters the next unit: r becomes its program.  False at the end. */
static bool next_unit(struct reader *r, const uint8_t *end, struct unit *u)
{
	uint64_t n;

	r->end = end;
	if (r->bad || r->p == end)
		return false;
	n = fixed(r, 4);
	if (n > (size_t)(end - r->p))
		return false;
	r->end = r->p + n;
	u->version = fixed(r, 2);
	if (u->version < 2 || u->version > 5)
		return false;
	if (u->version >= 5)
		skip(r, 2);	/* sizes of an address, and of a segment's number */
	n = fixed(r, 4);
	if (n > (size_t)(r->end - r->p))
		return false;
	u->files = *r;
	u->files.end = r->p + n;
	u->min_length = byte(&u->files);
	if (u->version >= 4)
		byte(&u->files);	/* operations of an instruction */
	byte(&u->files);
	u->line_base = byte(&u->files);
	u->line_range = byte(&u->files);
	u->opcode_base = byte(&u->files);
	for (int i = 1; i < u->opcode_base; i++)
		u->lengths[i] = byte(&u->files);
	r->p += n;
	return !u->files.bad && u->line_range && u->opcode_base;
}

/* The first row from which a function at [from, to) comes, before best's address. */
static void look(const struct row *row, uint32_t from, uint32_t to, struct row *best)
{
	if (row->address >= from && row->address < to && row->line &&
	    row->address < best->address)
		*best = *row;
}

static void extended(struct reader *r, struct row *row)
{
	uint64_t n = leb(r, 32);
	struct reader op = *r;

	skip(r, n);
	if (r->bad)
		return;
	op.end = r->p;
	switch (byte(&op)) {
	case 1:		/* DW_LNE_end_sequence */
		*row = (struct row){ .file = 1, .line = 1 };
		break;
	case 2:		/* DW_LNE_set_address */
		row->address = fixed(&op, op.end - op.p == 8 ? 8 : 4);
	}
}

/* All opcodes but the special ones.  True if it makes a row. */
static bool standard(struct reader *r, const struct unit *u, uint8_t op, struct row *row)
{
	switch (op) {
	case 0:
		extended(r, row);
		return false;
	case 1:		/* DW_LNS_copy */
		return true;
	case 2:		/* DW_LNS_advance_pc */
		row->address += leb(r, 64) * u->min_length;
		return false;
	case 3:		/* DW_LNS_advance_line */
		row->line += signed_leb(r);
		return false;
	case 4:		/* DW_LNS_set_file */
		row->file = leb(r, 32);
		return false;
	case 8:		/* DW_LNS_const_add_pc */
		row->address += (255 - u->opcode_base) / u->line_range * u->min_length;
		return false;
	case 9:		/* DW_LNS_fixed_advance_pc */
		row->address += fixed(r, 2);
		return false;
	}
	for (int i = 0; i < u->lengths[op]; i++)
		leb(r, 64);
	return false;
}

/* Runs a unit's program. */
static void run(struct reader *r, const struct unit *u, uint32_t from, uint32_t to,
		struct row *best)
{
	struct row row = { .file = 1, .line = 1 };

	while (r->p < r->end && !r->bad) {
		uint8_t op = byte(r);

		if (op >= u->opcode_base) {
			op -= u->opcode_base;
			row.address += op / u->line_range * u->min_length;
			row.line += u->line_base + op % u->line_range;
			look(&row, from, to, best);
		} else if (standard(r, u, op, &row)) {
			look(&row, from, to, best);
		}
	}
}

/* The custom section of this name, if there is one. */
static void find_section(const struct reader *image, const char *name, struct reader *found)
{
	struct reader r = *image;
	const uint8_t *end = r.end;
	int last = 0, id;
	uint32_t n;

	read_header(&r);
	while ((id = next_section(&r, end, &last)) >= 0) {
		n = id ? 0 : count(&r);
		if (n == strlen(name) && n <= (size_t)(r.end - r.p) && !memcmp(r.p, name, n)) {
			skip(&r, n);
			*found = r;
			return;
		}
		r.bad = false;
		r.p = r.end;
	}
	truncated(&r);
	*found = r;
	found->bad = true;
}

int wasm_source(const void *image, size_t size, uint32_t from, uint32_t to,
		char *buf, size_t n)
{
	char why[32];
	struct reader r = {
		.image = image, .p = image, .end = (const uint8_t *)image + size,
		.error = why, .n = sizeof(why),
	};
	struct row best = { .address = UINT64_MAX };
	struct sections s;
	const uint8_t *end;
	const char *name = NULL;
	struct unit u;

	find_section(&r, ".debug_line", &s.line);
	find_section(&r, ".debug_str", &s.str);
	find_section(&r, ".debug_line_str", &s.line_str);
	end = s.line.end;
	while (!s.line.bad && next_unit(&s.line, end, &u)) {
		run(&s.line, &u, from, to, &best);
		/* functions are each in one unit */
		if (best.address != UINT64_MAX) {
			name = file_name(&s, &u, best.file);
			break;
		}
		/* what one unit says badly is nobody's concern in the next */
		s.line.bad = false;
		s.line.p = s.line.end;
	}
	if (!name)
		return -ENOENT;
	snprintf(buf, n, "%.80s:%u", name, best.line);
	return 0;
}
