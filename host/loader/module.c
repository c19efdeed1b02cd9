/* SPDX-License-Identifier: MIT */
/* The modules that a loader has. */
#include <errno.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/share.h"
#include "loader/background.h"
#include "loader/build.h"
#include "loader/load.h"
#include "loader/quick.h"
#include "muslin.h"

/* unused modules that a machine keeps */
#define MAX_IDLE 32
static const struct module_ops *find_builtin(const struct load *l)
{
	for (const struct module_builtin *b = muslin_builtin_modules; b->image; b++)
		if ((size_t)((const char *)b->end - (const char *)b->image) == l->size &&
		    !memcmp(b->image, l->image, l->size))
			return b->ops;
	return NULL;
}

static int check_ops(struct load *l, const struct module *mod)
{
	if (!mod->ops)
		return load_refuse(l, -ENOEXEC, "the compiled program has no entry");
	if (!mod->ops->link || mod->library != (mod->ops->link->slot || mod->ops->link->place) ||
	    (mod->library && mod->ops->link->size > mod->room))
		return load_refuse(l, -ENOEXEC, "the compiled program is of another kind");
	if (mod->ops->instance_size >
	    MUSLIN_MEMORY_OFFSET - sizeof(struct muslin_head))
		return load_refuse(l, -ENOEXEC, "has too many global variables");
	return 0;
}

/* At most: its image, and its code. */
#define MODULE_FILES 2

static void destroy(struct module *mod)
{
	quick_free(&mod->quick);
	if (mod->handle)
		dlclose(mod->handle);
	if (mod->fd >= 0)
		close(mod->fd);
	if (mod->image_fd >= 0)
		close(mod->image_fd);
	share_give(&share_files, mod->owner->files, MODULE_FILES);
	free((void *)mod->thunks);
	wasm_free(&mod->wasm);
	free(mod->exports);
	free(mod->import_types);
	wasm_data_free(&mod->pieces);
	free(mod->image);
	free(mod->name);
	free(mod);
}

static int make_library(struct load *l, struct module *mod)
{
	int r = load_place(l, mod);

	if (r >= 0)
		r = load_native(l, mod);
	if (r >= 0)
		r = check_ops(l, mod);
	return r < 0 ? r : load_links(l, mod);
}

static int make(struct load *l, struct module *mod)
{
	void **thunks = calloc(l->w.nimports + 1, sizeof(*thunks));
	int r;

	mod->thunks = thunks;
	mod->image = malloc(l->size);
	mod->name = strdup(l->name);
	if (!thunks || !mod->image || !mod->name)
		return load_no_memory(l);
	memcpy(mod->image, l->image, l->size);
	mod->size = l->size;
	mod->ops = find_builtin(l);
	l->builtin = mod->ops;
	r = l->library ? load_check_library(l, thunks) : load_check(l, thunks);
	if (r < 0)
		return r;
	if (l->library)
		return make_library(l, mod);
	if (wasm_data_read(&l->w, l->image, l->size, &mod->pieces))
		return load_no_memory(l);
	mod->start = wasm_find_export(&l->w, "_start")->index;
	mod->data = WASM_PAGE;
	mod->end = l->w.memories[0].min * WASM_PAGE;
	mod->data_start = wasm_data_start(&l->w, &mod->pieces);
	mod->data_end = mod->data;
	if (mod->pieces.n)
		mod->data_end = (mod->pieces.end + WASM_PAGE - 1) & -WASM_PAGE;
	if (!mod->ops)
		r = l->so ? load_given(l, mod) : load_native(l, mod);
	if (r >= 0)
		r = check_ops(l, mod);
	return r < 0 ? r : load_links(l, mod);
}

void module_ticked(struct module *mod)
{
	if (mod->optimizable && ++mod->ticks == BACKGROUND_MILLISECONDS / 4)
		load_outdated(mod, mod->name);
}

/* --- the loader's modules --- */

static struct module *find(struct loader *loader, uint64_t hash, const void *image,
			   size_t size, bool library)
{
	struct module *mod;

	for (mod = loader->modules; mod; mod = mod->next)
		if (mod->hash == hash && mod->size == size && !mod->retired &&
		    mod->library == library && !memcmp(mod->image, image, size))
			return mod;
	return NULL;
}

static void unlink_module(struct module *mod)
{
	struct module **p;

	for (p = &mod->owner->modules; *p != mod; p = &(*p)->next)
		;
	*p = mod->next;
}

static void link_module(struct module *mod)
{
	mod->next = mod->owner->modules;
	mod->owner->modules = mod;
}

/* No program will have it but those that do. */
static void retire(struct module *mod)
{
	mod->retired = true;
	if (mod->refs)
		return;
	unlink_module(mod);
	destroy(mod);
}

static int add_module(struct load *l, uint64_t hash, struct module **out)
{
	char reason[MODULE_ERROR_SIZE];
	struct module *mod;
	int r = wasm_read(l->image, l->size, &l->w, reason, sizeof(reason));

	if (r < 0)
		return load_refuse(l, r, "%s", reason);
	mod = calloc(1, sizeof(*mod));
	if (!mod) {
		r = load_no_memory(l);
		goto out_wasm;
	}
	mod->fd = mod->image_fd = -1;
	mod->library = l->library;
	mod->owner = l->loader;
	mod->hash = hash;
	if (!share_take(&share_files, l->loader->files, MODULE_FILES)) {
		free(mod);
		r = load_refuse(l, -ENFILE, "there are too many programs");
		goto out_wasm;
	}
	r = make(l, mod);
	if (r < 0) {
		destroy(mod);
		goto out_wasm;
	}
	mod->refs = 1;
	mod->id = ++l->loader->module_id;
	link_module(mod);
	*out = mod;
out_wasm:
	wasm_free(&l->w);
	return r;
}

static int load(struct load *l, struct module **out)
{
	uint64_t hash = cache_hash(0, l->image, l->size);
	struct module *mod = find(l->loader, hash, l->image, l->size, l->library);

	if (mod && mod->optimizable && load_outdated(mod, l->name)) {
		retire(mod);
		mod = NULL;
	}
	if (mod) {
		l->loader->stats->loaded++;
		mod->refs++;
		*out = mod;
		return 0;
	}
	return add_module(l, hash, out);
}

int module_load(struct loader *loader, const char *name, const void *image,
		size_t size, struct module **out, char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.loader = loader, .name = name, .image = image, .size = size,
		.error = error,
	};

	return load(&l, out);
}

int module_load_library(struct loader *loader, const char *name, const void *image,
			size_t size, struct module **out, char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.loader = loader, .name = name, .image = image, .size = size,
		.error = error, .library = true,
	};

	return load(&l, out);
}

int module_resume(struct loader *loader, uint32_t id, const char *name,
		  const void *image, size_t size, const void *so, size_t so_size,
		  const struct module_ops *ops, struct module **out,
		  char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.loader = loader, .name = name, .image = image, .size = size,
		.so = so, .so_size = so_size, .error = error,
	};
	int r = add_module(&l, cache_hash(0, image, size), out);

	if (r)
		return r;
	(*out)->id = id;
	if ((*out)->ops == ops)
		return 0;
	module_put(*out);
	return load_refuse(&l, -EADDRINUSE, "the place of its code is taken");
}

struct module *module_find(struct loader *loader, uint32_t id)
{
	struct module *mod;

	for (mod = loader->modules; mod; mod = mod->next)
		if (mod->id == id)
			return module_get(mod);
	return NULL;
}

struct module *module_reload(struct loader *loader, uint32_t id)
{
	struct module *mod = module_find(loader, id);
	bool again = mod && !mod->retired &&
		!(mod->optimizable && load_outdated(mod, mod->name));

	if (again || !mod)
		return mod;
	mod->retired = true;
	module_put(mod);
	return NULL;
}

void module_data(const struct module *mod, uint32_t offset, void *to, uint32_t n)
{
	wasm_data_copy(&mod->pieces, mod->image, mod->data + offset, to, n);
}

void module_put(struct module *mod)
{
	struct module *oldest = NULL;
	int idle = 0;

	if (--mod->refs)
		return;
	unlink_module(mod);
	if (mod->retired) {
		destroy(mod);
		return;
	}
	link_module(mod);
	for (mod = mod->owner->modules; mod; mod = mod->next) {
		if (mod->refs)
			continue;
		oldest = mod;
		idle++;
	}
	if (idle > MAX_IDLE) {
		unlink_module(oldest);
		destroy(oldest);
	}
}

void module_exit(struct loader *loader)
{
	while (loader->modules) {
		struct module *mod = loader->modules;

		loader->modules = mod->next;
		destroy(mod);
	}
}
