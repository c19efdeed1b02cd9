/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "wasm/wasm.h"
#include "wasm/reader.h"

/* Makes room for n more elements in an array of *have. */
static void *grow(struct reader *r, void *array, uint32_t have, uint32_t n,
		  size_t size)
{
	void *p;

	if (r->bad || !n)
		return array;
	p = realloc(array, ((size_t)have + n) * size);
	if (!p) {
		fail(r, "out of memory");
		r->err = -ENOMEM;
		return array;
	}
	memset((char *)p + have * size, 0, n * size);
	return p;
}

static char *name(struct reader *r)
{
	uint32_t n = count(r);
	const uint8_t *s = r->p;
	char *copy;

	skip(r, n);
	if (r->bad)
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		/* it ends a string, or plays tricks on a terminal: C0, C1 */
		if (s[i] < ' ' || s[i] == 127 ||
		    (s[i] == 0xc2 && i + 1 < n && s[i + 1] < 0xa0)) {
			fail(r, "control character in the name at byte %zu",
			     (size_t)(s - r->image));
			return NULL;
		}
	}
	copy = strndup((const char *)s, n);
	if (!copy) {
		fail(r, "out of memory");
		r->err = -ENOMEM;
	}
	return copy;
}

static char *signature(struct reader *r)
{
	uint32_t np, nr = 0;
	char *s;

	if (byte(r) != 0x60)
		fail(r, "unknown kind of type at byte %zu", where(r) - 1);
	np = count(r);
	s = grow(r, NULL, 0, np + 2, 1);
	if (r->bad)
		goto out;
	for (uint32_t i = 0; i < np; i++)
		s[i] = value_type(r);
	s[np] = ':';
	nr = count(r);
	s = grow(r, s, np + 1, nr + 1, 1);
	if (r->bad)
		goto out;
	for (uint32_t i = 0; i < nr; i++)
		s[np + 1 + i] = value_type(r);
	s[np + 1 + nr] = 0;
out:
	return s;
}

static void read_types(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->types = grow(r, w->types, 0, n, sizeof(*w->types));
	for (uint32_t i = 0; i < n && !r->bad; i++) {
		w->types[w->ntypes++] = signature(r);
		if (r->bad)
			break;
	}
}

static uint32_t type_index(struct reader *r, const struct wasm *w)
{
	uint32_t t = u32(r);

	if (!r->bad && t >= w->ntypes) {
		fail(r, "no type %u at byte %zu", t, where(r) - 1);
		return 0;
	}
	return t;
}

static void add_func(struct wasm *w, uint32_t type)
{
	w->funcs[w->nfuncs++] = type;
}

static uint32_t tag_type(struct reader *r, const struct wasm *w)
{
	if (byte(r))
		fail(r, "unknown kind of tag at byte %zu", where(r) - 1);
	return type_index(r, w);
}

static struct wasm_table table_type(struct reader *r)
{
	struct wasm_table t = { 0 };
	uint8_t kind = byte(r), flags;

	if (kind != 0x70 && kind != 0x6f)
		fail(r, "unknown type of table at byte %zu", where(r) - 1);
	t.funcs = kind == 0x70;
	flags = byte(r);
	if (flags > 1)
		fail(r, "unknown kind of table at byte %zu", where(r) - 1);
	t.min = u32(r);
	if (flags & 1)
		u32(r);
	return t;
}

static struct wasm_memory memory_type(struct reader *r)
{
	struct wasm_memory m = { 0 };
	uint8_t flags = byte(r);

	if (flags > 7)
		fail(r, "unknown kind of memory at byte %zu", where(r) - 1);
	m.shared = flags & 2;
	m.is64 = flags & 4;
	m.min = leb(r, 64);
	if (flags & 1)
		leb(r, 64);
	return m;
}

static struct wasm_global global_type(struct reader *r)
{
	struct wasm_global g = { .type = value_type(r) };
	uint8_t mutable = byte(r);

	if (mutable > 1)
		fail(r, "unknown kind of global at byte %zu", where(r) - 1);
	g.mutable = mutable;
	return g;
}

static uint32_t how_many(const struct wasm *w, enum wasm_kind kind)
{
	switch (kind) {
	case WASM_FUNC:
		return w->nfuncs;
	case WASM_TABLE:
		return w->ntables;
	case WASM_MEMORY:
		return w->nmemories;
	case WASM_GLOBAL:
		return w->nglobals;
	case WASM_TAG:
		return w->ntags;
	}
	return 0;
}

static void read_import(struct reader *r, struct wasm *w)
{
	struct wasm_import *im = &w->imports[w->nimports++];

	im->module = name(r);
	im->name = name(r);
	im->at = where(r);
	im->kind = byte(r);
	im->index = how_many(w, im->kind);
	switch (im->kind) {
	case WASM_FUNC:
		im->type = type_index(r, w);
		add_func(w, im->type);
		break;
	case WASM_TABLE:
		w->tables[w->ntables++] = table_type(r);
		break;
	case WASM_MEMORY:
		w->memories[w->nmemories++] = memory_type(r);
		break;
	case WASM_GLOBAL:
		w->globals[w->nglobals++] = global_type(r);
		break;
	case WASM_TAG:
		im->type = tag_type(r, w);
		w->tags[w->ntags++] = im->type;
		break;
	default:
		fail(r, "unknown kind of import at byte %zu", where(r) - 1);
	}
	im->size = where(r) - im->at;
}

static void read_imports(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->imports = grow(r, w->imports, 0, n, sizeof(*w->imports));
	w->funcs = grow(r, w->funcs, 0, n, sizeof(*w->funcs));
	w->tables = grow(r, w->tables, 0, n, sizeof(*w->tables));
	w->memories = grow(r, w->memories, 0, n, sizeof(*w->memories));
	w->globals = grow(r, w->globals, 0, n, sizeof(*w->globals));
	w->tags = grow(r, w->tags, 0, n, sizeof(*w->tags));
	while (n-- && !r->bad)
		read_import(r, w);
}

static void read_functions(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->funcs = grow(r, w->funcs, w->nfuncs, n, sizeof(*w->funcs));
	while (n-- && !r->bad)
		add_func(w, type_index(r, w));
}

static void read_tables(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->tables = grow(r, w->tables, w->ntables, n, sizeof(*w->tables));
	while (n-- && !r->bad)
		w->tables[w->ntables++] = table_type(r);
}

static void read_memories(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->memories = grow(r, w->memories, w->nmemories, n,
			   sizeof(*w->memories));
	while (n-- && !r->bad)
		w->memories[w->nmemories++] = memory_type(r);
}

static void read_tags(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->tags = grow(r, w->tags, w->ntags, n, sizeof(*w->tags));
	while (n-- && !r->bad)
		w->tags[w->ntags++] = tag_type(r, w);
}

static void skip_expression(struct reader *r)
{
	uint8_t op;

	do {
		op = byte(r);
		switch (op) {
		case 0x0b:				/* end */
		case 0x6a: case 0x6b: case 0x6c:	/* i32.add sub mul */
		case 0x7c: case 0x7d: case 0x7e:	/* i64.add sub mul */
			break;
		case 0x23:				/* global.get */
		case 0xd2:				/* ref.func */
			u32(r);
			break;
		case 0x41:				/* i32.const */
			leb(r, 32);
			break;
		case 0x42:				/* i64.const */
			leb(r, 64);
			break;
		case 0x43:				/* f32.const */
			skip(r, 4);
			break;
		case 0x44:				/* f64.const */
			skip(r, 8);
			break;
		case 0xd0:				/* ref.null */
			byte(r);
			break;
		case 0xfd:				/* v128.const */
			if (u32(r) != 12)
				fail(r, "unknown vector at byte %zu", where(r) - 1);
			skip(r, 16);
			break;
		default:
			fail(r, "unknown instruction 0x%02x at byte %zu",
			     op, where(r) - 1);
		}
	} while (op != 0x0b && !r->bad);
}

/* i32.const and no more: true; or any other expression. */
static bool constant(struct reader *r, uint32_t *value)
{
	const uint8_t *from = r->p;
	unsigned int bits;
	bool known;

	if (byte(r) != 0x41) {
		r->p = from;
		skip_expression(r);
		return false;
	}
	*value = leb(r, 32);
	bits = 7 * (r->p - from - 1);
	if (!r->bad && bits < 32 && r->p[-1] & 64)
		*value |= -1u << bits;
	known = !r->bad && r->p != r->end && *r->p == 0x0b;
	skip_expression(r);
	return known;
}

static void read_globals(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->globals = grow(r, w->globals, w->nglobals, n, sizeof(*w->globals));
	while (n-- && !r->bad) {
		w->globals[w->nglobals] = global_type(r);
		w->globals[w->nglobals].known = constant(r, &w->globals[w->nglobals].value);
		w->nglobals++;
	}
}

static void read_exports(struct reader *r, struct wasm *w)
{
	uint32_t n = count(r);

	w->exports = grow(r, w->exports, 0, n, sizeof(*w->exports));
	while (n-- && !r->bad) {
		struct wasm_export *e = &w->exports[w->nexports++];

		e->name = name(r);
		e->kind = byte(r);
		e->index = u32(r);
		if (e->index >= how_many(w, e->kind))
			fail(r, "export of something that is not there at byte %zu",
			     where(r) - 1);
	}
}

static void read_start(struct reader *r, struct wasm *w)
{
	uint32_t f = u32(r);

	if (f >= w->nfuncs)
		fail(r, "no start function %u", f);
	else
		w->start = f;
}

/* Where the segment begins. */
static void element_offset(struct reader *r, struct wasm *w)
{
	const uint8_t *from = r->p;

	w->element_known = false;
	if (byte(r) == 0x23) {				/* global.get */
		w->element_global = u32(r);
		w->elements_plain = !r->bad && r->p != r->end && *r->p == 0x0b;
		r->p = from;
		skip_expression(r);
		return;
	}
	r->p = from;
	w->elements_plain = w->element_known = constant(r, &w->element_base);
}

/* One of functions of table 0, by their numbers.  wasm2c knows all kinds. */
static void read_elements(struct reader *r, struct wasm *w)
{
	uint32_t n;

	w->nsegments = count(r);
	if (w->nsegments != 1 || byte(r)) {
		r->p = r->end;
		return;
	}
	element_offset(r, w);
	n = count(r);
	w->elements = grow(r, w->elements, 0, n, sizeof(*w->elements));
	while (n-- && !r->bad) {
		uint32_t f = u32(r);

		if (f >= w->nfuncs)
			fail(r, "no function %u, an element", f);
		w->elements[w->nelements++] = f;
	}
}

/* Only what says that the module is for a dynamic linker. */
static void read_custom(struct reader *r, struct wasm *w)
{
	static const char dylink[] = "\10dylink.0";
	size_t n = strlen(dylink);

	w->dylink |= (size_t)(r->end - r->p) >= n && !memcmp(r->p, dylink, n);
	r->p = r->end;
}

static void read_section(struct reader *r, struct wasm *w, uint8_t id)
{
	switch (id) {
	case 0:
		read_custom(r, w);
		break;
	case 1:
		read_types(r, w);
		break;
	case 2:
		read_imports(r, w);
		break;
	case 3:
		read_functions(r, w);
		break;
	case 4:
		read_tables(r, w);
		break;
	case 5:
		read_memories(r, w);
		break;
	case 6:
		read_globals(r, w);
		break;
	case 7:
		read_exports(r, w);
		break;
	case 8:
		read_start(r, w);
		break;
	case 9:
		read_elements(r, w);
		break;
	case 11:
		w->ndata = count(r);
		r->p = r->end;
		break;
	case 13:
		read_tags(r, w);
		break;
	case 10:
		w->code = r->end - r->p;
		r->p = r->end;
		break;
	default:
		r->p = r->end;
	}
	if (!r->bad && r->p != r->end)
		fail(r, "section %d is too long at byte %zu", id, where(r));
}

int wasm_read(const void *image, size_t size, struct wasm *w,
	      char *error, size_t n)
{
	struct reader r = {
		.image = image, .p = image, .end = (const uint8_t *)image + size,
		.error = error, .n = n,
	};
	const uint8_t *end = r.end;
	int last = 0, id;

	memset(w, 0, sizeof(*w));
	w->start = -1;
	read_header(&r);
	while ((id = next_section(&r, end, &last)) >= 0)
		read_section(&r, w, id);
	if (r.bad)
		wasm_free(w);
	return r.err;
}

void wasm_free(struct wasm *w)
{
	for (uint32_t i = 0; i < w->ntypes; i++)
		free(w->types[i]);
	for (uint32_t i = 0; i < w->nimports; i++) {
		free(w->imports[i].module);
		free(w->imports[i].name);
	}
	for (uint32_t i = 0; i < w->nexports; i++)
		free(w->exports[i].name);
	free(w->types);
	free(w->imports);
	free(w->funcs);
	free(w->tags);
	free(w->tables);
	free(w->memories);
	free(w->globals);
	free(w->exports);
	free(w->elements);
	memset(w, 0, sizeof(*w));
}

const struct wasm_export *wasm_find_export(const struct wasm *w,
					   const char *name)
{
	for (uint32_t i = 0; i < w->nexports; i++)
		if (!strcmp(w->exports[i].name, name))
			return &w->exports[i];
	return NULL;
}

bool wasm_uses_fenv(const struct wasm *w)
{
	return wasm_find_export(w, WASM_FENV_GET) ||
		wasm_find_export(w, WASM_FENV_SET);
}

bool wasm_uses_setjmp(const struct wasm *w)
{
	for (uint32_t i = 0; wasm_is_linked(w) && i < w->nimports; i++)
		if (wasm_is_setjmp(&w->imports[i]))
			return true;
	return wasm_find_export(w, WASM_SETJMP) ||
		wasm_find_export(w, WASM_LONGJMP);
}

bool wasm_throws_longjmp(const struct wasm *w)
{
	const struct wasm_export *e = wasm_find_export(w, WASM_LONGJMP_TAG);

	if (wasm_longjmp_tag(w) >= 0)
		return true;
	return e && e->kind == WASM_TAG;
}

static const char *type_name(char type)
{
	switch (type) {
	case 'i':
		return "i32";
	case 'l':
		return "i64";
	case 'f':
		return "f32";
	case 'd':
		return "f64";
	case 'v':
		return "v128";
	}
	return "ref";
}

char *wasm_signature(const char *type, char *buf, size_t n)
{
	const char *results = strchr(type, ':') + 1;
	bool many = strlen(results) != 1;
	FILE *f = fmemopen(buf, n, "w");

	if (!f)
		return buf[0] = 0, buf;
	fputc('(', f);
	for (const char *t = type; *t != ':'; t++)
		fprintf(f, "%s%s", t == type ? "" : " ", type_name(*t));
	fprintf(f, ") -> %s", many ? "(" : "");
	for (const char *t = results; *t; t++)
		fprintf(f, "%s%s", t == results ? "" : " ", type_name(*t));
	if (many)
		fputc(')', f);
	fclose(f);
	buf[n - 1] = 0;
	return buf;
}
