/* SPDX-License-Identifier: MIT */
/* The modules that a loader has. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "loader/background.h"
#include "loader/load.h"
#include "loader/quick.h"
#include "muslin.h"

/* unused modules that a machine keeps */
#define MAX_IDLE 32

void module_ticked(struct module *mod)
{
	if (mod->optimizable && ++mod->ticks == BACKGROUND_MILLISECONDS / 4)
		load_outdated(mod, mod->name);
}

bool module_is(const struct module *mod, const void *image, size_t size)
{
	return mod->size == size && !memcmp(mod->image, image, size);
}

/* Another reference of it, or NULL. */
static struct module *find(struct loader *loader, const void *image, size_t size,
			   bool library)
{
	struct module *mod;

	pthread_mutex_lock(&loader->lock);
	for (mod = loader->modules; mod; mod = mod->next)
		if (!mod->retired && mod->library == library && module_is(mod, image, size))
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

int module_resume(struct loader *loader, const struct module_kept *k,
		  struct module **out, char error[MODULE_ERROR_SIZE])
{
	int r = kept_module(loader, k, out, error);

	if (r)
		return r;
	(*out)->refs = 1;
	pthread_mutex_lock(&loader->lock);
	link_module(*out);
	pthread_mutex_unlock(&loader->lock);
	return 0;
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
		load_destroy(gone);
}

void module_exit(struct loader *loader)
{
	while (loader->modules) {
		struct module *mod = loader->modules;

		loader->modules = mod->next;
		load_destroy(mod);
	}
}
