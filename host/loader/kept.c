/* SPDX-License-Identifier: MIT */
/*
 * Modules of boot images.  Their code has one place, so that all machines of this process
 * that go on from an image share it: each has a copy of the description, and what is
 * described is the process's, for as long as any of them has it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "loader/load.h"

struct original {
	struct original *next;
	uint8_t image_sum[sizeof(((struct module_kept *)0)->image_sum)];
	uint32_t id;
	bool counting;		/* its thunks count calls */
	unsigned int users;
	struct module *mod;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct original *originals;
/* Theirs, of which nobody else knows. */
static struct loader owner = { .lock = PTHREAD_MUTEX_INITIALIZER };
static uint64_t files;

static struct original *find(const struct loader *loader, const struct module_kept *k)
{
	struct original *o = originals;

	while (o && (o->id != k->id || o->counting != loader->counting ||
		     memcmp(o->image_sum, k->image_sum, sizeof(o->image_sum))))
		o = o->next;
	return o;
}

static int make(struct loader *loader, const struct module_kept *k, struct original **out,
		char *error)
{
	struct load l = {
		.loader = &owner, .name = k->name, .image = k->image, .size = k->size,
		.library = k->library, .kept = k, .stats = loader->stats, .error = error,
	};
	struct original *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return load_no_memory(&l);
	owner.exports = loader->exports;
	owner.nexports = loader->nexports;
	owner.counting = loader->counting;
	owner.files = &files;
	r = load_begin(&l);
	if (r) {
		free(o);
		return r > 0 ? load_refuse(&l, -EIO, "its code is not in the image") : r;
	}
	o->mod = l.mod;
	o->id = k->id;
	o->counting = loader->counting;
	memcpy(o->image_sum, k->image_sum, sizeof(o->image_sum));
	o->next = originals;
	originals = o;
	*out = o;
	return 0;
}

static void put(struct original *o)
{
	struct original **p = &originals;

	if (--o->users)
		return;
	while (*p != o)
		p = &(*p)->next;
	*p = o->next;
	load_destroy(o->mod);
	free(o);
}

static struct module *copy(struct loader *loader, struct original *o)
{
	struct module *mod = malloc(sizeof(*mod));

	if (!mod)
		return NULL;
	*mod = *o->mod;
	mod->original = o;
	mod->owner = loader;
	mod->id = o->id;
	mod->image_fd = -1;
	/* who starts it again gets what is better, or has it compiled */
	mod->retired = o->mod->quick.p != NULL;
	return mod;
}

int kept_module(struct loader *loader, const struct module_kept *k, struct module **out,
		char error[MODULE_ERROR_SIZE])
{
	struct load l = { .loader = loader, .name = k->name, .kept = k, .error = error };
	struct original *o;
	int r = 0;

	pthread_mutex_lock(&lock);
	o = find(loader, k);
	if (!o)
		r = make(loader, k, &o, error);
	if (r)
		goto out;
	o->users++;
	if (o->mod->ops != k->ops)
		r = load_refuse(&l, -EADDRINUSE, "the place of its code is taken");
	else if (!(*out = copy(loader, o)))
		r = load_no_memory(&l);
	else if ((r = load_take_place(&l, *out)))
		free(*out);
	if (r)
		put(o);
out:
	pthread_mutex_unlock(&lock);
	return r;
}

void kept_module_free(struct module *mod)
{
	pthread_mutex_lock(&lock);
	put(mod->original);
	pthread_mutex_unlock(&lock);
	free(mod);
}
