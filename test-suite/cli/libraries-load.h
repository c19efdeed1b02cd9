/* SPDX-License-Identifier: MIT */
/* The least that a dynamic linker does, by wasm_link() alone: for tests of that. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <asm/wasm_link.h>
#include "leb.h"

long __syscall_wasm_link(const void *, long, long)
	__attribute__((import_module("linux"), import_name("__syscall_wasm_link")));

struct symbol { const char *name; uint32_t value; };

struct library {
	const char *path;
	const uint8_t *text;
	size_t size;
	uint32_t memory_base, table_base, tls;
	uint32_t memory_size, memory_align, elements, functions, start, nimports, nslots;
	int has_start;
	struct import { char module[32], name[96]; int kind; } *imports;
	/* functions: their slots from table_base on; data: from memory_base on, or in TLS */
	struct exported { char name[96]; int kind; uint32_t value; } *exports;
	uint32_t nexports;
	char error[256];
};

/* A program in C++ includes this, too. */
#define NEW(p, n) ((p) = (__typeof__(p))calloc((n), sizeof(*(p))))

static void read_name(char *to, size_t n)
{
	uint32_t len = leb();

	snprintf(to, n, "%.*s", (int)len, (const char *)at);
	at += len;
}

static void read_imports(struct library *l)
{
	l->nimports = leb();
	NEW(l->imports, l->nimports);
	for (uint32_t i = 0; i < l->nimports; i++) {
		read_name(l->imports[i].module, 32);
		read_name(l->imports[i].name, 96);
		l->imports[i].kind = *at++;
		switch (l->imports[i].kind) {
		case 0:
			l->functions++;
			leb();
			break;
		case 1:
			at++;
			/* fall through */
		case 2:
			if (*at++ & 1)
				leb();
			leb();
			break;
		case 3:
			at += 2;
			break;
		default:
			at++;
			leb();
		}
	}
}

/* Of its own globals: i32.const */
static uint32_t *read_globals(uint32_t n)
{
	uint32_t *v;

	NEW(v, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		at += 3;
		v[i] = leb();
		at++;
	}
	return v;
}

static uint32_t slot(struct library *l, const uint32_t *list, uint32_t f)
{
	for (uint32_t i = 0; i < l->nslots; i++)
		if (list[i] == f)
			return i;
	return -1u;
}

static void parse(struct library *l)
{
	const uint8_t *end = l->text + l->size, *exports = NULL, *elements = NULL;
	uint32_t imported_globals = 0, *globals = NULL, *list;

	NEW(list, 4096);
	for (at = l->text + 8; at < end; ) {
		uint8_t id = *at++;
		uint32_t n = leb();
		const uint8_t *next = at + n;

		if (id == 0 && !memcmp(at, "\10dylink.0\1", 10)) {
			at += 10;
			leb();
			l->memory_size = leb();
			l->memory_align = leb();
		} else if (id == 2) {
			read_imports(l);
		} else if (id == 6) {
			globals = read_globals(leb());
		} else if (id == 7) {
			exports = at;
		} else if (id == 8) {
			l->start = leb();
			l->has_start = 1;
		} else if (id == 9) {
			elements = at;
		}
		at = next;
	}
	for (uint32_t i = 0; i < l->nimports; i++)
		imported_globals += l->imports[i].kind == 3;
	if (elements) {
		at = elements + 2;
		at++;
		leb();
		at++;
		l->elements = leb();
		while (l->nslots < l->elements)
			list[l->nslots++] = leb();
	}
	at = exports;
	l->nexports = leb();
	NEW(l->exports, l->nexports);
	for (uint32_t i = 0; i < l->nexports; i++) {
		uint32_t index;

		read_name(l->exports[i].name, 96);
		l->exports[i].kind = *at++;
		index = leb();
		if (l->exports[i].kind == 3)
			l->exports[i].value = globals[index - imported_globals];
		if (l->exports[i].kind)
			continue;
		if (slot(l, list, index) == -1u)
			list[l->nslots++] = index;
		l->exports[i].value = slot(l, list, index);
	}
	if (l->has_start)
		l->start = l->nslots++;
	free(globals);
	free(list);
}

static int find_export(const struct library *l, const char *name, uint32_t *value)
{
	for (uint32_t i = 0; l->exports && i < l->nexports; i++) {
		if (strcmp(l->exports[i].name, name))
			continue;
		*value = l->exports[i].value + (l->exports[i].kind ? l->memory_base : l->table_base);
		return 1;
	}
	return 0;
}

static uint32_t next_slot = 4096;

static int map_library(struct library *l, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	uint8_t *data;

	memset(l, 0, sizeof(*l));
	l->path = path;
	if (fd < 0 || fstat(fd, &st))
		return -1;
	l->size = st.st_size;
	l->text = (const uint8_t *)mmap(NULL, l->size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	if (l->text == MAP_FAILED)
		return -1;
	parse(l);
	data = (uint8_t *)mmap(NULL, l->memory_size + 65536, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return -1;
	l->memory_base = (uint32_t)data;
	l->table_base = next_slot;
	next_slot += l->nslots;
	return 0;
}

static uint32_t look_up(struct library *libs, int n, const struct symbol *own, const char *name)
{
	uint32_t value;

	for (; own->name; own++)
		if (!strcmp(own->name, name))
			return own->value;
	for (int i = 0; i < n; i++)
		if (find_export(&libs[i], name, &value))
			return value;
	return 0;
}

static uint32_t *values_of(struct library *l, struct library *libs, int n, const struct symbol *own)
{
	uint32_t *v;

	NEW(v, l->nimports + 1);
	for (uint32_t i = 0; i < l->nimports; i++)
		v[i] = look_up(libs, n, own, l->imports[i].name);
	return v;
}

static void call(const struct library *l, const char *name)
{
	uint32_t value;

	if (find_export(l, name, &value))
		((void (*)(void))value)();
}

/* Links those from "from" on. */
static int link_libraries(struct library *libs, int from, int n, const struct symbol *own)
{
	struct wasm_module m[16] = { 0 };
	int r;

	for (int i = from; i < n; i++) {
		m[i - from] = (struct wasm_module) {
			.text = (uint32_t)libs[i].text, .memory_base = libs[i].memory_base,
			.table_base = libs[i].table_base, .tls = libs[i].tls,
			.nvalues = libs[i].nimports,
			.values = (uint32_t)values_of(&libs[i], libs, n, own),
			.error = (uint32_t)libs[i].error, .error_size = sizeof(libs[i].error),
		};
	}
	r = __syscall_wasm_link(m, n - from, 0);
	if (r)
		return r;
	for (int i = from; i < n; i++)
		if (libs[i].has_start)
			((void (*)(void))(libs[i].table_base + libs[i].start))();
	for (int i = from; i < n; i++)
		call(&libs[i], "__wasm_apply_data_relocs");
	for (int i = n; i-- > from;)
		call(&libs[i], "__wasm_call_ctors");
	return 0;
}

static void *address(const struct library *l, const char *name)
{
	uint32_t value;

	return find_export(l, name, &value) ? (void *)value : NULL;
}
