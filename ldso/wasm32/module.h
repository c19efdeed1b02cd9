#ifndef WASM_LDSO_MODULE_H
#define WASM_LDSO_MODULE_H

#include <stddef.h>
#include <stdint.h>

/* What ldso/wasm32 reads of a module: a program, or a shared library. */

struct wasm_name {
	const char *s;
	uint32_t len;
};

enum { WASM_FUNCTION, WASM_TABLE, WASM_MEMORY, WASM_GLOBAL, WASM_TAG };

struct wasm_import {
	struct wasm_name module, name;
	unsigned char kind;
	char is_weak;
};

/* The value is an offset in the module's memory, in its TLS block, or a slot
 * of the function table, see wasm_read(). */
struct wasm_symbol {
	struct wasm_name name;
	enum { SYM_FUNCTION, SYM_DATA, SYM_TLS } kind;
	uint32_t value;
	char *text;
};

#define NO_SLOT ((uint32_t)-1)

struct wasm_file {
	const unsigned char *map;
	size_t map_len;
	char is_library;

	/* of the section dylink.0, which comes first */
	uint32_t mem_size, mem_align;
	struct wasm_name *needed, *rpath;
	uint32_t nneeded, nrpath;

	struct wasm_import *imports;
	uint32_t nimports;
	struct wasm_symbol *symbols;
	uint32_t nsymbols, *hash, hash_mask;
	uint32_t tls_size, tls_align;

	/* Slots: of a library from its own table_base on, of a program those
	 * of the table, from first_slot on what it did not have itself. */
	uint32_t first_slot, nslots;
	uint32_t start, init_tls, ctors, data_relocs;

	/* active segments, in the section: from data on */
	const unsigned char *data, *data_end;
};

/* Both return 0 if the file is none, or memory ran out.  The second reads all,
 * the first only what tells which libraries it needs. */
hidden int __wasm_read_needed(struct wasm_file *, const void *, size_t);
hidden int __wasm_read(struct wasm_file *);
/* All but whether symbols are thread-local or weak. */
hidden int __wasm_read_sections(struct wasm_file *);
hidden void __wasm_forget(struct wasm_file *);

hidden struct wasm_symbol *__wasm_find(const struct wasm_file *, const char *, size_t);

/* calloc() and free(), once they work: dlstart.c */
hidden void *__wasm_alloc(size_t, size_t);
hidden void __wasm_free(void *);

/* Copies active segments to where the library's memory is. */
hidden int __wasm_copy_data(const struct wasm_file *, unsigned char *);

#endif
