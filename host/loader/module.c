/* SPDX-License-Identifier: MIT */
/* From an image to a module that is complete: in two steps, of which the first may be all. */
#include <errno.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/share.h"
#include "loader/load.h"
#include "loader/quick.h"

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

void load_destroy(struct module *mod)
{
	if (mod->original) {
		load_give_place(mod);
		kept_module_free(mod);
		return;
	}
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
	if (!mod->ops && !l->kept) {
		r = load_ask(l);
		return r ? r : LOAD_WAITS;
	}
	if (!mod->ops)
		r = load_given(l, mod);
	return r ? r : complete(l, mod);
}

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
		load_destroy(l->mod);
	l->mod = NULL;
}
