/* SPDX-License-Identifier: MIT */
/*
 * usage: wasm-types FILE...
 *
 * Prints a line "FILE KIND NAME TYPE" for everything that the modules, objects
 * and archives FILE... give and take.  KIND is import or export in a module,
 * define, weak or use (undefined) in an object.  TYPE is i, l, f, d for each
 * parameter, a colon and the same for the results; or memory, table, global,
 * tag.  The NAME of a module's import is MODULE.NAME.  Local symbols and data
 * symbols of objects are left out.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const uint8_t *p, *end;
};

struct import {
	char *module, *name;
	int kind;
	uint32_t type;
};

struct module {
	const char *file;
	char **types;
	uint32_t ntypes;
	struct import *imports;
	uint32_t nimports;
	uint32_t *funcs;		/* types: imported functions first */
	uint32_t nfuncs;
	bool object;
};

enum { FUNC, TABLE, MEMORY, GLOBAL, TAG };

static const char *const kinds[] = { "func", "table", "memory", "global", "tag" };

static void die(const char *file, const char *why)
{
	fprintf(stderr, "wasm-types: %s: %s\n", file, why);
	exit(1);
}

static void *grow(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (!p)
		die("memory", "none left");
	return p;
}

static const char *reading;

static uint8_t byte(struct reader *r)
{
	if (r->p >= r->end)
		die(reading, "ends in the middle");
	return *r->p++;
}

static uint64_t leb(struct reader *r)
{
	uint64_t v = 0;
	uint8_t b;
	int shift = 0;

	do {
		b = byte(r);
		v |= (uint64_t)(b & 127) << shift;
		shift += 7;
	} while (b & 128 && shift < 64);
	return v;
}

/* A part of r, which r continues behind. */
static struct reader part(struct reader *r, uint64_t n)
{
	struct reader sub = { r->p, r->p + n };

	if (n > (uint64_t)(r->end - r->p))
		die(reading, "ends in the middle");
	r->p += n;
	return sub;
}

static char *string(struct reader *r)
{
	struct reader s = part(r, leb(r));
	size_t n = s.end - s.p;
	char *c = grow(NULL, n + 1);

	memcpy(c, s.p, n);
	c[n] = 0;
	return c;
}

static char letter(uint8_t type)
{
	switch (type) {
	case 0x7f: return 'i';
	case 0x7e: return 'l';
	case 0x7d: return 'f';
	case 0x7c: return 'd';
	default: return '?';
	}
}

static void read_types(struct module *m, struct reader r)
{
	m->ntypes = leb(&r);
	m->types = grow(NULL, m->ntypes * sizeof(*m->types));
	for (uint32_t i = 0; i < m->ntypes; i++) {
		char *t = m->types[i] = grow(NULL, 2 + r.end - r.p);

		byte(&r);
		for (uint32_t n = leb(&r); n; n--)
			*t++ = letter(byte(&r));
		*t++ = ':';
		for (uint32_t n = leb(&r); n; n--)
			*t++ = letter(byte(&r));
		*t = 0;
	}
}

static const char *type(struct module *m, uint32_t i)
{
	if (i >= m->ntypes)
		die(m->file, "no such type");
	return m->types[i];
}

static void add_func(struct module *m, uint32_t type)
{
	m->funcs = grow(m->funcs, (m->nfuncs + 1) * sizeof(*m->funcs));
	m->funcs[m->nfuncs++] = type;
}

static const char *func(struct module *m, uint32_t i)
{
	if (i >= m->nfuncs)
		die(m->file, "no such function");
	return type(m, m->funcs[i]);
}

static void skip_limits(struct reader *r)
{
	uint8_t flags = byte(r);

	leb(r);
	if (flags & 1)
		leb(r);
}

static void read_imports(struct module *m, struct reader r)
{
	m->nimports = leb(&r);
	m->imports = grow(NULL, m->nimports * sizeof(*m->imports));
	for (uint32_t i = 0; i < m->nimports; i++) {
		struct import *im = &m->imports[i];

		im->module = string(&r);
		im->name = string(&r);
		im->kind = byte(&r);
		im->type = 0;
		switch (im->kind) {
		case FUNC:
			add_func(m, im->type = leb(&r));
			break;
		case TABLE:
			byte(&r);
			/* fall through */
		case MEMORY:
			skip_limits(&r);
			break;
		case GLOBAL:
			byte(&r);
			byte(&r);
			break;
		case TAG:
			byte(&r);
			leb(&r);
			break;
		default:
			die(m->file, "an import of an unknown kind");
		}
	}
}

static void print_imports(struct module *m)
{
	for (uint32_t i = 0; i < m->nimports; i++) {
		struct import *im = &m->imports[i];

		printf("%s import %s.%s %s\n", m->file, im->module, im->name,
		       im->kind == FUNC ? type(m, im->type) : kinds[im->kind]);
	}
}

static void print_exports(struct module *m, struct reader r)
{
	for (uint32_t n = leb(&r); n; n--) {
		char *name = string(&r);
		uint8_t kind = byte(&r);
		uint32_t i = leb(&r);

		if (kind > TAG)
			die(m->file, "an export of an unknown kind");
		printf("%s export %s %s\n", m->file, name,
		       kind == FUNC ? func(m, i) : kinds[kind]);
		free(name);
	}
}

/* of an object's symbol, see WebAssembly/tool-conventions/Linking.md */
enum { SYM_FUNC, SYM_DATA, SYM_GLOBAL, SYM_SECTION, SYM_TAG, SYM_TABLE };
enum { WEAK = 1, LOCAL = 2, UNDEFINED = 16, EXPLICIT_NAME = 64 };

static const char *import_name(struct module *m, uint32_t func)
{
	for (uint32_t i = 0; i < m->nimports; i++)
		if (m->imports[i].kind == FUNC && !func--)
			return m->imports[i].name;
	die(m->file, "no such import");
	return NULL;
}

static void print_symbol(struct module *m, struct reader *r)
{
	uint8_t kind = byte(r);
	uint32_t flags = leb(r);
	bool named = !(flags & UNDEFINED) || flags & EXPLICIT_NAME;
	uint32_t i;

	if (kind == SYM_SECTION) {
		leb(r);
		return;
	}
	if (kind == SYM_DATA) {
		free(string(r));
		if (!(flags & UNDEFINED))
			leb(r), leb(r), leb(r);
		return;
	}
	i = leb(r);
	char *name = named ? string(r) : NULL;
	if (kind == SYM_FUNC && !(flags & LOCAL))
		printf("%s %s %s %s\n", m->file,
		       flags & UNDEFINED ? "use" : flags & WEAK ? "weak" : "define",
		       named ? name : import_name(m, i), func(m, i));
	free(name);
}

static void read_custom(struct module *m, struct reader r)
{
	char *name = string(&r);

	if (!strcmp(name, "linking")) {
		m->object = true;
		leb(&r);
		while (r.p < r.end) {
			uint8_t kind = byte(&r);
			struct reader sub = part(&r, leb(&r));

			if (kind == 8)
				for (uint32_t n = leb(&sub); n; n--)
					print_symbol(m, &sub);
		}
	}
	free(name);
}

static void read_module(const char *file, struct reader r)
{
	struct module m = { .file = file };

	reading = file;
	part(&r, 8);
	while (r.p < r.end) {
		uint8_t id = byte(&r);
		struct reader s = part(&r, leb(&r));

		switch (id) {
		case 0:
			read_custom(&m, s);
			break;
		case 1:
			read_types(&m, s);
			break;
		case 2:
			read_imports(&m, s);
			break;
		case 3:
			for (uint32_t n = leb(&s); n; n--)
				add_func(&m, leb(&s));
			break;
		case 7:
			print_exports(&m, s);
			break;
		}
	}
	if (!m.object)
		print_imports(&m);
	for (uint32_t i = 0; i < m.ntypes; i++)
		free(m.types[i]);
	for (uint32_t i = 0; i < m.nimports; i++) {
		free(m.imports[i].module);
		free(m.imports[i].name);
	}
	free(m.types);
	free(m.imports);
	free(m.funcs);
}

/* ar's members: 60 bytes of header, the size in decimal at 48. */
static void read_archive(const char *file, struct reader r)
{
	struct reader names = { 0 };

	part(&r, 8);
	while (r.end - r.p >= 60) {
		struct reader h = part(&r, 60);
		size_t size = strtoul((const char *)h.p + 48, NULL, 10);
		struct reader member = part(&r, size);
		char name[256];

		if (size & 1 && r.p < r.end)
			r.p++;
		if (h.p[0] == '/' && h.p[1] == '/') {
			names = member;
			continue;
		}
		if (member.end - member.p < 8 || memcmp(member.p, "\0asm", 4))
			continue;
		const char *s = (const char *)h.p;
		if (s[0] == '/' && names.p)
			s = (const char *)names.p + strtoul(s + 1, NULL, 10);
		snprintf(name, sizeof(name), "%s:%.*s", file, (int)strcspn(s, "/\n"), s);
		read_module(name, member);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint8_t *data = NULL;
		size_t n = 0, got;

		if (!f)
			die(argv[i], "cannot be read");
		do {
			data = grow(data, n + 65536);
			got = fread(data + n, 1, 65536, f);
			n += got;
		} while (got);
		fclose(f);

		reading = argv[i];
		struct reader r = { data, data + n };
		if (n >= 8 && !memcmp(data, "!<arch>\n", 8))
			read_archive(argv[i], r);
		else if (n >= 8 && !memcmp(data, "\0asm", 4))
			read_module(argv[i], r);
		else
			die(argv[i], "neither wasm nor an archive");
		free(data);
	}
	return 0;
}
