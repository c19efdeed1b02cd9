/* SPDX-License-Identifier: MIT */
/*
 * Programs as native code.  A module is immutable and shared by all address
 * spaces that run it.
 */
#ifndef MUSLIN_MODULE_H
#define MUSLIN_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cgen/abi.h"
#include "loader/loader.h"
#include "loader/quick.h"
#include "wasm/wasm.h"

struct original;

struct module {
	const struct module_ops *ops;
	/* for w2c_linux.sc: the kernel's entry for each import */
	void *const *thunks;
	uint32_t id;		/* never another module's of this loader */
	uint32_t data;		/* the first address of data */
	uint32_t data_start;	/* what is before it is constant; a page's */
	uint32_t data_end;	/* of what module_data() gives, a page's end */
	uint32_t end;		/* of the initial memory */
	uint32_t start;		/* the function _start */
	/* Of a library, and of a program that is linked: what is in it.  Else nothing is. */
	struct wasm wasm;
	bool library;
	uint64_t place, room;	/* of a library: its words, among those of other libraries */
	/* The functions that it exports, in the order of their names, and their slots. */
	struct module_export *exports;
	uint32_t nexports;
	wasm_rt_func_type_t *import_types;	/* of imports that are functions */

	/* private to loader/; next, refs, retired are under the loader's lock */
	struct module *next;
	struct module *next_placed;	/* of those with a place: library.c */
	struct loader *owner;
	unsigned int refs;
	void *image;
	size_t size;
	struct wasm_data pieces;
	void *handle;		/* of dlopen(), NULL if built in, or quick */
	int fd;			/* that it was opened by */
	int image_fd;		/* while it is optimizable; or -1 */
	const uint8_t *code, *code_end;	/* where that is */
	char *name;		/* that it was first loaded by */
	struct quick_code quick;	/* of the quick tier */
	bool optimizable;	/* quick until there is something better */
	unsigned int ticks;	/* interrupts of it, while it is optimizable */
	bool retired;		/* there is: for those who have it already */
	struct original *original;	/* what it is a copy of, kept.c; NULL: it is none */
};

struct module_export {
	const char *name;
	uint32_t slot;
};

#define MODULE_ERROR_SIZE 248

/*
 * Compiles image, the first time, and binds its imports to the kernel's
 * exports.  -ENOEXEC: it is not a program for this kernel; -ENOENT: no
 * compiler; other errors come from the host.  error is one line that begins
 * with name.  It waits for the compiler; who cannot has a job instead, jobs.h.
 */
int module_load(struct loader *loader, const char *name, const void *image,
		size_t size, struct module **out,
		char error[MODULE_ERROR_SIZE]);
/* What is there for image already, and not outdated, as another reference; NULL. */
struct module *module_known(struct loader *loader, const char *name, const void *image,
			    size_t size, bool library);
/* Is it part of this library?  Then nobody compiles it. */
bool module_is_builtin(const void *image, size_t size);
/* The same for a library, which module_load() refuses: only where there are no jobs. */
int module_load_library(struct loader *loader, const char *name, const void *image,
			size_t size, struct module **out, char error[MODULE_ERROR_SIZE]);
/* The slot of an exported function, or -1. */
int64_t module_export(const struct module *mod, const char *name);
/* What a boot image has of a module. */
struct module_kept {
	uint8_t image_sum[16];	/* the image's */
	uint32_t id;
	const char *name;
	const void *image;
	size_t size;
	const void *code;	/* a shared object, or the quick tier's; NULL: it is built in */
	size_t code_size;
	const struct module_ops *ops;	/* where that has them */
	bool library;
	uint64_t place;		/* of a library */
	/* of the quick tier's, or NULL */
	void *quick;
	const uint8_t *const *functions;
};

/* It becomes what it was; -EADDRINUSE if it cannot be there. */
int module_resume(struct loader *loader, const struct module_kept *k,
		  struct module **out, char error[MODULE_ERROR_SIZE]);
/* Another reference, of who has one. */
struct module *module_get(struct module *mod);
/* It was made from these bytes. */
bool module_is(const struct module *mod, const void *image, size_t size);

/* One that is still there, as another reference; NULL. */
struct module *module_find(struct loader *loader, uint32_t id);
/* The same for a program that is started; NULL, too, if its code is outdated. */
struct module *module_reload(struct loader *loader, uint32_t id);
/* Fills to with initialised data, from mod->data + offset on. */
void module_data(const struct module *mod, uint32_t offset, void *to, uint32_t n);

/* Unused modules are kept for a while, for the next exec. */
void module_put(struct module *mod);
/* From an interrupt of its code, every 4 ms: what computes is optimized. */
void module_ticked(struct module *mod);
/* Is pc in its native code?  Not of init, nor of the quick tier. */
static inline bool module_has(const struct module *mod, const void *pc)
{
	return (const uint8_t *)pc >= mod->code && (const uint8_t *)pc < mod->code_end;
}

/* At the end of a machine, when no address space is left. */
void module_exit(struct loader *loader);

/* Programs that were compiled with this library; ends with a NULL image. */
struct module_builtin {
	const void *image, *end;
	const struct module_ops *ops;
};

extern const struct module_builtin muslin_builtin_modules[];

#endif
