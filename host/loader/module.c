/* SPDX-License-Identifier: MIT */
/* The modules that a loader has. */
#include <errno.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/share.h"
#include "loader/background.h"
#include "loader/load.h"
#include "loader/quick.h"
#include "muslin.h"

/* unused modules that a machine keeps */
#define MAX_IDLE 32

static const struct module_ops *find_builtin(const void *image, size_t size)
{
	for (const struct module_builtin *b = muslin_builtin_modules; b->image; b++)
		if ((size_t)((const char *)b->end - (const char *)b->image) == size &&
		    !memcmp(b->image, image, size))
			return b->ops;
	return NULL;
}

bool module_is_builtin(const void *image, size_t size)
{
	return find_builtin(image, size);
}

static int check_ops(struct load *l, const struct module *mod)
{
	if (!mod->ops)
		return load_refuse(l, -ENOEXEC, "the compiled program has no entry");
	if (!mod->ops->link || mod->library != (mod->ops->link->slot || mod->ops->link->place) ||
	    (mod->library && mod->ops->link->size > (l->builtin ? BUILTIN_WORDS : mod->room)))
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
	load_give_place(mod);
	free((void *)mod->thunks);
	wasm_free(&mod->wasm);
	free(mod->exports);
	free(mod->import_types);
	wasm_data_free(&mod->pieces);
	free(mod->image);
	free(mod->name);
	free(mod);
}

/* What a program has of memory at first. */
static int find_data(struct load *l, struct module *mod)
{
	if (wasm_data_read(&l->w, l->image, l->size, &mod->pieces))
		return load_no_memory(l);
	mod->start = wasm_find_export(&l->w, "_start")->index;
	mod->data = WASM_PAGE;
	mod->end = l->w.memories[0].min * WASM_PAGE;
	mod->data_start = wasm_data_start(&l->w, &mod->pieces);
	mod->data_end = mod->data;
	if (mod->pieces.n)
		mod->data_end = (mod->pieces.end + WASM_PAGE - 1) & -WASM_PAGE;
	return 0;
}

/* It has its native code. */
static int complete(struct load *l, struct module *mod)
{
	int r = check_ops(l, mod);

	return r < 0 ? r : load_links(l, mod);
}

static int make(struct load *l, struct module *mod)
{
	void **thunks = calloc(l->w.nimports + 1, sizeof(*thunks));
	int r;

	mod->thunks = thunks;
	mod->image = l->own_image ? l->own_image : malloc(l->size);
	mod->name = strdup(l->name);
	if (!thunks || !mod->image || !mod->name)
		return load_no_memory(l);
	if (!l->own_image)
		memcpy(mod->image, l->image, l->size);
	mod->size = l->size;
	mod->ops = find_builtin(l->image, l->size);
	l->builtin = mod->ops;
	r = l->library ? load_check_library(l, thunks) : load_check(l, thunks);
	if (r >= 0)
		r = l->library ? load_place(l, mod) : find_data(l, mod);
	if (r < 0)
		return r;
	/* its names may be of use, and l does without */
	mod->wasm = l->w;
	memset(&l->w, 0, sizeof(l->w));
	if (!mod->ops && !l->so) {
		r = load_ask(l);
		return r ? r : LOAD_WAITS;
	}
	if (!mod->ops)
		r = load_given(l, mod);
	return r ? r : complete(l, mod);
}

void module_ticked(struct module *mod)
{
	if (mod->optimizable && ++mod->ticks == BACKGROUND_MILLISECONDS / 4)
		load_outdated(mod, mod->name);
}

/* --- the loader's modules --- */

/* Another reference of it, or NULL. */
static struct module *find(struct loader *loader, const void *image, size_t size,
			   bool library)
{
	struct module *mod;

	pthread_mutex_lock(&loader->lock);
	for (mod = loader->modules; mod; mod = mod->next)
		if (mod->size == size && !mod->retired && mod->library == library &&
		    !memcmp(mod->image, image, size))
			break;
	if (mod)
		mod->refs++;
	pthread_mutex_unlock(&loader->lock);
	return mod;
}

struct module *module_get(struct module *mod)
{
	pthread_mutex_lock(&mod->owner->lock);
	mod->refs++;
	pthread_mutex_unlock(&mod->owner->lock);
	return mod;
}

/* Under the lock. */
static void unlink_module(struct module *mod)
{
	struct module **p;

	for (p = &mod->owner->modules; *p != mod; p = &(*p)->next)
		;
	*p = mod->next;
}

/* The same. */
static void link_module(struct module *mod)
{
	mod->next = mod->owner->modules;
	mod->owner->modules = mod;
}

/* No program will have it but those that do: not its caller, whose reference goes. */
static void retire(struct module *mod)
{
	pthread_mutex_lock(&mod->owner->lock);
	mod->retired = true;
	pthread_mutex_unlock(&mod->owner->lock);
	module_put(mod);
}

/* --- from an image to one of them --- */

/* r of a step: what is not complete, nor will be, is gone. */
static int after(struct load *l, int r)
{
	if (r < 0)
		load_drop(l);
	return r;
}

static int begin(struct load *l)
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
	if (!share_take(&share_files, l->loader->files, MODULE_FILES)) {
		free(mod);
		r = load_refuse(l, -ENFILE, "there are too many programs");
		goto out_wasm;
	}
	l->mod = mod;
	r = make(l, mod);
out_wasm:
	wasm_free(&l->w);
	return r;
}

int load_begin(struct load *l)
{
	return after(l, begin(l));
}

int load_go_on(struct load *l, struct builder_answer *a, int err)
{
	int r = a ? load_answered(l, &a->result, a->code) : load_unanswered(l, err);

	return after(l, r ? r : complete(l, l->mod));
}

void load_drop(struct load *l)
{
	if (l->place)
		quick_release(l->place);
	l->place = NULL;
	if (l->mod && l->own_image)
		l->mod->image = NULL;
	if (l->mod)
		destroy(l->mod);
	l->mod = NULL;
}

struct module *load_done(struct load *l)
{
	struct module *mod = l->mod;

	l->mod = NULL;
	l->own_image = NULL;
	mod->refs = 1;
	pthread_mutex_lock(&l->loader->lock);
	mod->id = ++l->loader->module_id;
	link_module(mod);
	pthread_mutex_unlock(&l->loader->lock);
	return mod;
}

struct module *module_known(struct loader *loader, const char *name, const void *image,
			    size_t size, bool library)
{
	struct module *mod = find(loader, image, size, library);

	if (mod && mod->optimizable && load_outdated(mod, name)) {
		retire(mod);
		mod = NULL;
	}
	if (!mod)
		return NULL;
	loader->stats->loaded++;
	return mod;
}

static void tell(const struct load *l, const char *line)
{
	char text[256];

	if (!l->loader->progress)
		return;
	load_progress(l, line, text);
	l->loader->progress(l->loader->progress_arg, text);
}

/* Until the builder has answered: there is nobody else to ask it. */
static int wait_for_builder(struct load *l)
{
	struct builder_answer a;
	int r;

	do {
		r = builder_answer(l->loader, &a);
		if (!r && !a.done)
			tell(l, a.line);
	} while (!r && !a.done);
	if (!r)
		return load_go_on(l, &a, 0);
	/* the next one gets another, if we may start one */
	builder_lose(l->loader);
	return load_go_on(l, NULL, r);
}

static int add_module(struct load *l, struct module **out)
{
	int r = load_begin(l);

	if (r == LOAD_WAITS)
		r = wait_for_builder(l);
	else if (l->lost)
		builder_lose(l->loader);
	if (!r)
		*out = load_done(l);
	return r;
}

int module_load(struct loader *loader, const char *name, const void *image,
		size_t size, struct module **out, char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.loader = loader, .name = name, .image = image, .size = size,
		.stats = loader->stats, .error = error,
	};

	*out = module_known(loader, name, image, size, false);
	return *out ? 0 : add_module(&l, out);
}

int module_load_library(struct loader *loader, const char *name, const void *image,
			size_t size, struct module **out, char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.loader = loader, .name = name, .image = image, .size = size,
		.library = true, .stats = loader->stats, .error = error,
	};

	*out = module_known(loader, name, image, size, true);
	return *out ? 0 : add_module(&l, out);
}

int module_resume(struct loader *loader, uint32_t id, const char *name,
		  const void *image, size_t size, const void *so, size_t so_size,
		  const struct module_ops *ops, struct module **out,
		  char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.loader = loader, .name = name, .image = image, .size = size,
		.so = so, .so_size = so_size, .stats = loader->stats, .error = error,
	};
	int r = add_module(&l, out);

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

	pthread_mutex_lock(&loader->lock);
	for (mod = loader->modules; mod; mod = mod->next)
		if (mod->id == id)
			break;
	if (mod)
		mod->refs++;
	pthread_mutex_unlock(&loader->lock);
	return mod;
}

static bool is_retired(struct module *mod)
{
	bool retired;

	pthread_mutex_lock(&mod->owner->lock);
	retired = mod->retired;
	pthread_mutex_unlock(&mod->owner->lock);
	return retired;
}

struct module *module_reload(struct loader *loader, uint32_t id)
{
	struct module *mod = module_find(loader, id);
	bool again = mod && !is_retired(mod) &&
		!(mod->optimizable && load_outdated(mod, mod->name));

	if (again || !mod)
		return mod;
	retire(mod);
	return NULL;
}

void module_data(const struct module *mod, uint32_t offset, void *to, uint32_t n)
{
	wasm_data_copy(&mod->pieces, mod->image, mod->data + offset, to, n);
}

/*
 * Nobody has mod any more: it becomes the first in the list, unless it is retired.
 * Under the lock.  The one that is to go, or NULL.
 */
static struct module *leave(struct module *mod)
{
	struct module *oldest = NULL;
	int idle = 0;

	unlink_module(mod);
	if (mod->retired)
		return mod;
	link_module(mod);
	for (mod = mod->owner->modules; mod; mod = mod->next) {
		if (mod->refs)
			continue;
		oldest = mod;
		idle++;
	}
	if (idle <= MAX_IDLE)
		return NULL;
	unlink_module(oldest);
	return oldest;
}

void module_put(struct module *mod)
{
	struct loader *loader = mod->owner;
	struct module *gone;

	pthread_mutex_lock(&loader->lock);
	gone = --mod->refs ? NULL : leave(mod);
	pthread_mutex_unlock(&loader->lock);
	if (gone)
		destroy(gone);
}

void module_exit(struct loader *loader)
{
	while (loader->modules) {
		struct module *mod = loader->modules;

		loader->modules = mod->next;
		destroy(mod);
	}
}
