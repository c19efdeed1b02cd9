/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "loader/background.h"
#include "loader/build.h"
#include "core/text.h"
#include "core/stats.h"
#include "loader/loader.h"
#include "core/memory-file.h"
#include "loader/module.h"
#include "muslin.h"
#include "core/share.h"
#include "loader/tier.h"

/* unused modules that a machine keeps */
#define MAX_IDLE 32
/* glue.c compares each with all others, and no compiler makes as many */
#define MAX_TYPES 10000
#define MAX_IMPORTS 10000
/* so does wasm2c: half a minute for 20,000 */
#define MAX_EXPORTS 10000
#define MAX_TABLE 10000000
/* Addresses are 32 bits wide, and the stack needs some. */
#define MAX_PAGES 65534

/* What one module_load() works on. */
struct load {
	struct loader *loader;
	const char *name;
	const void *image;
	size_t size;
	bool builtin;		/* init, which is part of the machine */
	const void *so;		/* native code that is given */
	size_t so_size;
	struct wasm w;
	char *error;
};

/* Programs give names to programs, and not for the sake of a terminal. */
static void make_printable(char *text)
{
	text[printable(text, text, strlen(text), false)] = 0;
}

static int refuse(struct load *l, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct load *l, int err, const char *fmt, ...)
{
	int n = snprintf(l->error, MODULE_ERROR_SIZE, "%.100s: ", l->name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->error + n, MODULE_ERROR_SIZE - n, fmt, ap);
	va_end(ap);
	/* compilers quote what they like */
	make_printable(l->error);
	return err;
}

/* --- is it a program for this kernel? --- */

static const struct kernel_export *find_export(const struct loader *loader, const char *import)
{
	static const char prefix[] = "__syscall_";

	if (strncmp(import, prefix, strlen(prefix)))
		return NULL;
	for (unsigned int i = 0; i < loader->nexports; i++)
		if (!strcmp(loader->exports[i].name, import + strlen(prefix)))
			return &loader->exports[i];
	return NULL;
}

static int check_function(struct load *l, const struct wasm_import *im,
			  void **thunk)
{
	const struct kernel_export *e = find_export(l->loader, im->name);
	const char *type = l->w.types[im->type];
	char theirs[80], ours[80];

	if (strcmp(im->module, "linux") || !e)
		return refuse(l, -ENOEXEC, "imports %.40s.%.60s, which this kernel does not export",
			      im->module, im->name);
	if (strcmp(type, e->type))
		return refuse(l, -ENOEXEC, "linux.%s has type %s, the kernel's is %s",
			      im->name, wasm_signature(type, theirs, sizeof(theirs)),
			      wasm_signature(e->type, ours, sizeof(ours)));
	*thunk = l->loader->counting && !l->builtin ? e->counting : e->thunk;
	return 0;
}

static int check_import(struct load *l, const struct wasm_import *im,
			void **thunk)
{
	*thunk = NULL;
	switch (im->kind) {
	case WASM_FUNC:
		return check_function(l, im, thunk);
	case WASM_MEMORY:
		if (!strcmp(im->module, "env") && !strcmp(im->name, "memory"))
			return 0;
		/* fall through */
	default:
		return refuse(l, -ENOEXEC, "imports %.40s.%.60s, which is not a system call",
			      im->module, im->name);
	}
}

static int check_memory(struct load *l)
{
	const struct wasm *w = &l->w;

	if (w->nmemories > 1)
		return refuse(l, -ENOEXEC, "has %u memories", w->nmemories);
	for (uint32_t i = 0; i < w->nimports; i++) {
		if (w->imports[i].kind != WASM_MEMORY)
			continue;
		if (w->memories[0].is64)
			return refuse(l, -ENOEXEC, "has a 64-bit memory");
		if (w->memories[0].min > MAX_PAGES)
			return refuse(l, -ENOEXEC, "needs %llu MB of memory, more than there are addresses",
				      (unsigned long long)w->memories[0].min / 16);
		return 0;
	}
	return refuse(l, -ENOEXEC, "does not import env.memory");
}

static const struct wasm_export *need_export(struct load *l, const char *name,
					     enum wasm_kind kind)
{
	const struct wasm_export *e = wasm_find_export(&l->w, name);

	if (e && e->kind == kind)
		return e;
	refuse(l, -ENOEXEC, "does not export %s", name);
	return NULL;
}

static int check_global(struct load *l, const char *name)
{
	const struct wasm_export *e = need_export(l, name, WASM_GLOBAL);
	const struct wasm_global *g;

	if (!e)
		return -ENOEXEC;
	g = &l->w.globals[e->index];
	if (g->type != 'i' || !g->mutable)
		return refuse(l, -ENOEXEC, "%s is not a mutable i32", name);
	return 0;
}

static int check_start(struct load *l)
{
	const struct wasm_export *e = need_export(l, "_start", WASM_FUNC);
	const char *type;
	char buf[80];

	if (!e)
		return -ENOEXEC;
	type = l->w.types[l->w.funcs[e->index]];
	if (strcmp(type, "i:"))
		return refuse(l, -ENOEXEC, "_start has type %s instead of (i32) -> ()",
			      wasm_signature(type, buf, sizeof(buf)));
	return 0;
}

static int check_table(struct load *l)
{
	if (!need_export(l, "__indirect_function_table", WASM_TABLE))
		return -ENOEXEC;
	if (l->w.ntables != 1 || !l->w.tables[0].funcs)
		return refuse(l, -ENOEXEC, "has %u tables instead of one of functions",
			      l->w.ntables);
	if (l->w.tables[0].min > MAX_TABLE)
		return refuse(l, -ENOEXEC, "has a table of %u functions",
			      l->w.tables[0].min);
	return 0;
}

static int check_tags(struct load *l)
{
	for (uint32_t i = 0; i < l->w.ntags; i++) {
		const char *type = l->w.types[l->w.tags[i]];

		if (strlen(type) > MUSLIN_EXCEPTION_VALUES + 1 ||
		    type[strlen(type) - 1] != ':' || strpbrk(type, "rv"))
			return refuse(l, -ENOEXEC, "has an exception with more than numbers");
	}
	return 0;
}

static int check_types(struct load *l)
{
	if (l->w.ntypes > MAX_TYPES)
		return refuse(l, -ENOEXEC, "has %u types of functions", l->w.ntypes);
	for (uint32_t i = 0; i < l->w.ntypes; i++)
		if (strchr(l->w.types[i], 'v'))
			return refuse(l, -ENOEXEC, "uses SIMD, which is not supported");
	return 0;
}

/* Ours takes its place: fenv.c, frames.c. */
static int check_replaced(struct load *l, const char *name, const char *type)
{
	const struct wasm_export *e = wasm_find_export(&l->w, name);
	char buf[80], ours[80];
	const char *theirs;

	if (!e)
		return 0;
	if (e->kind != WASM_FUNC)
		return refuse(l, -ENOEXEC, "%s is not a function", name);
	theirs = l->w.types[l->w.funcs[e->index]];
	if (strcmp(theirs, type))
		return refuse(l, -ENOEXEC, "%s has type %s instead of %s", name,
			      wasm_signature(theirs, buf, sizeof(buf)),
			      wasm_signature(type, ours, sizeof(ours)));
	return 0;
}

static bool is_import(const struct load *l, uint32_t function)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->w.nimports; i++)
		n += l->w.imports[i].kind == WASM_FUNC;
	return function < n;
}

/* wasm2c gives such a function the name that we look for, and it no other. */
static int check_jump(struct load *l, const char *name, const char *type)
{
	const struct wasm_export *e = wasm_find_export(&l->w, name);
	int r = check_replaced(l, name, type);

	if (r || !e)
		return r;
	if (is_import(l, e->index))
		return refuse(l, -ENOEXEC, "%s is an import", name);
	for (uint32_t i = 0; i < l->w.nexports; i++) {
		const struct wasm_export *other = &l->w.exports[i];

		if (other == e)
			continue;
		if ((other->kind == WASM_FUNC && other->index == e->index) ||
		    !strncmp(other->name, name, strlen(name)) ||
		    (!strncmp(other->name, "0x5F", 4) &&
		     !strncmp(other->name + 4, name + 1, strlen(name + 1))))
			return refuse(l, -ENOEXEC, "exports %s twice", name);
	}
	return 0;
}

/* A byte makes a function of a type with 1,000 parameters, and wasm2c pages. */
static int check_parameters(struct load *l)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < l->w.nfuncs && n <= WASM_MAX_VARIABLES + l->size; i++)
		n += strlen(l->w.types[l->w.funcs[i]]);
	if (n <= WASM_MAX_VARIABLES + l->size)
		return 0;
	return refuse(l, -ENOEXEC, "has functions with more than %zu parameters in all",
		      WASM_MAX_VARIABLES + l->size);
}

/* Sets thunks, one for each import. */
static int check(struct load *l, void **thunks)
{
	int r = 0;

	if (l->w.nimports > MAX_IMPORTS)
		return refuse(l, -ENOEXEC, "has %u imports", l->w.nimports);
	if (l->w.nexports > MAX_EXPORTS)
		return refuse(l, -ENOEXEC, "has %u exports", l->w.nexports);
	for (uint32_t i = 0; i < l->w.nimports && !r; i++)
		r = check_import(l, &l->w.imports[i], &thunks[i]);
	if (!r)
		r = check_types(l);
	if (!r)
		r = check_parameters(l);
	if (!r)
		r = check_memory(l);
	if (!r)
		r = check_start(l);
	if (!r)
		r = check_global(l, "__stack_pointer");
	if (!r)
		r = check_global(l, "__tls_base");
	if (!r)
		r = check_table(l);
	if (!r)
		r = check_tags(l);
	if (!r)
		r = check_replaced(l, WASM_FENV_GET, ":i");
	if (!r)
		r = check_replaced(l, WASM_FENV_SET, "i:");
	if (!r)
		r = check_jump(l, WASM_SETJMP, "i:i");
	if (!r)
		r = check_jump(l, WASM_LONGJMP, "ii:");
	return r;
}

/* --- its native code --- */

static int out_of_memory(struct load *l)
{
	return refuse(l, -ENOMEM, "out of memory");
}

/* fd is kept: its number is the name by which the loader knows the file. */
static bool open_object(struct module *mod, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	mod->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!mod->handle)
		return false;
	mod->fd = fd;
	mod->ops = dlsym(mod->handle, "muslin_module_program");
	return true;
}

/* The loader has checked the headers of the file. */
static void find_code(struct module *mod, const void *so)
{
	const ElfW(Ehdr) *e = so;
	const ElfW(Phdr) *p = (const void *)((const char *)so + e->e_phoff);
	struct link_map *map;

	if (dlinfo(mod->handle, RTLD_DI_LINKMAP, &map))
		return;
	for (; p < (const ElfW(Phdr) *)((const char *)so + e->e_phoff) + e->e_phnum; p++) {
		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		mod->code = (const uint8_t *)(map->l_addr + p->p_vaddr);
		mod->code_end = mod->code + p->p_memsz;
	}
}

static void progress(void *arg, const char *line)
{
	struct load *l = arg;
	char text[256];

	/* an empty line is the end of it */
	if (*line)
		snprintf(text, sizeof(text), "%.150s: %s", l->name, line);
	else
		*text = 0;
	make_printable(text);
	l->loader->progress(l->loader->progress_arg, text);
}

/* A shared object; fd becomes the module's. */
static int load_object(struct load *l, struct module *mod, int fd)
{
	int64_t size = memory_file_size(fd);
	void *so = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	if (so == MAP_FAILED) {
		close(fd);
		return out_of_memory(l);
	}
	if (open_object(mod, fd))
		find_code(mod, so);
	munmap(so, size);
	if (mod->handle)
		return 0;
	close(fd);
	return refuse(l, -ENOEXEC, "cannot load the compiled program: %s",
		      dlerror());
}

/* Of a boot image. */
static int load_given(struct load *l, struct module *mod)
{
	int fd = memory_file(l->so, l->so_size);

	if (fd >= 0 && memory_file_seal(fd))
		return load_object(l, mod, fd);
	if (fd >= 0)
		close(fd);
	return refuse(l, -EIO, "cannot keep the compiled program");
}

static int load_quick(struct load *l, struct module *mod, void *place,
		      const struct build_result *r, int fd)
{
	int err;

	mod->quick = (struct quick_code) {
		.p = place, .size = r->size,
		.ops = (const void *)r->ops, .functions = (const void *)r->functions,
	};
	err = quick_map(&mod->quick, fd);
	close(fd);
	if (err)
		return refuse(l, err, "cannot load the compiled program: %s",
			      strerror(-err));
	mod->ops = mod->quick.ops;
	return 0;
}

static int take_code(struct load *l, struct module *mod, void *place,
		     const struct build_result *r, int fd)
{
	struct muslin_stats *stats = l->loader->stats;

	stats->translate += r->translate;
	stats->quick += r->quick;
	stats->optimize += r->optimize;
	stats->compiled += r->compiled;
	stats->cached += r->cached;
	if (r->code == BUILD_QUICK && !r->error)
		return load_quick(l, mod, place, r, fd);
	quick_release(place);
	if (r->error)
		return refuse(l, r->error, "%s", r->reason);
	return load_object(l, mod, fd);
}

static int ask_builder(struct load *l, struct module *mod, int tier, int image)
{
	struct build_request request = {
		.type = BUILD_PROGRAM, .tier = tier, .progress = l->loader->progress != NULL,
	};
	struct build_result result;
	int code, r = builder_start(l->loader);
	/* after that: the builder does not have it */
	void *place = quick_reserve();

	if (!place)
		return out_of_memory(l);
	request.place = (uintptr_t)place;
	snprintf(request.name, sizeof(request.name), "%s", l->name);
	if (!r)
		r = builder_ask(l->loader, &request, image, progress, l, &result, &code);
	if (!r) {
		mod->optimizable = result.optimizable;
		return take_code(l, mod, place, &result, code);
	}
	quick_release(place);
	/* the next one gets another, if we may start one */
	builder_stop(l->loader);
	if (r == -EPIPE || r == -ECONNRESET)
		return refuse(l, -EIO, "the process that compiles it is gone");
	return refuse(l, r, "the process that compiles it: %s", strerror(-r));
}

static uint64_t time_compiling(const struct muslin_stats *s)
{
	return s->translate + s->quick + s->optimize;
}

static int native_code(struct load *l, struct module *mod)
{
	char reason[MODULE_ERROR_SIZE];
	struct muslin_stats *stats = l->loader->stats;
	uint64_t start = stats_now(), compiling = time_compiling(stats);
	int tier = tier_of(l->loader, reason, sizeof(reason)), r;

	if (tier < 0)
		return refuse(l, tier, "%s", reason);
	mod->image_fd = memory_file(l->image, l->size);
	if (mod->image_fd < 0 || !memory_file_seal(mod->image_fd))
		return out_of_memory(l);
	r = ask_builder(l, mod, tier, mod->image_fd);
	if (!mod->optimizable) {
		close(mod->image_fd);
		mod->image_fd = -1;
	}
	stats->load += stats_now() - start - (time_compiling(stats) - compiling);
	return r;
}

/*
 * A program of the quick tier, again: true if there is something better by
 * now; if not, that is begun.
 */
static bool outdated(struct module *mod, const char *name)
{
	struct build_request request = { .type = BUILD_OUTDATED };
	struct build_result result;
	int code;

	snprintf(request.name, sizeof(request.name), "%s", name);
	return !builder_ask(mod->owner, &request, mod->image_fd, NULL, NULL, &result,
			    &code) && result.optimized;
}

void module_ticked(struct module *mod)
{
	if (mod->optimizable && ++mod->ticks == BACKGROUND_MILLISECONDS / 4)
		outdated(mod, mod->name);
}

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
		return refuse(l, -ENOEXEC, "the compiled program has no entry");
	if (mod->ops->instance_size >
	    MUSLIN_MEMORY_OFFSET - sizeof(struct muslin_head))
		return refuse(l, -ENOEXEC, "has too many global variables");
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
	wasm_data_free(&mod->pieces);
	free(mod->image);
	free(mod->name);
	free(mod);
}

static int make(struct load *l, struct module *mod)
{
	void **thunks = calloc(l->w.nimports + 1, sizeof(*thunks));
	int r;

	mod->thunks = thunks;
	mod->image = malloc(l->size);
	mod->name = strdup(l->name);
	if (!thunks || !mod->image || !mod->name)
		return out_of_memory(l);
	memcpy(mod->image, l->image, l->size);
	mod->size = l->size;
	mod->ops = find_builtin(l);
	l->builtin = mod->ops;
	r = check(l, thunks);
	if (r < 0)
		return r;
	if (wasm_data_read(&l->w, l->image, l->size, &mod->pieces))
		return out_of_memory(l);
	mod->start = wasm_find_export(&l->w, "_start")->index;
	mod->data = WASM_PAGE;
	mod->end = l->w.memories[0].min * WASM_PAGE;
	mod->data_start = wasm_data_start(&l->w, &mod->pieces);
	mod->data_end = mod->data;
	if (mod->pieces.n)
		mod->data_end = (mod->pieces.end + WASM_PAGE - 1) & -WASM_PAGE;
	if (!mod->ops)
		r = l->so ? load_given(l, mod) : native_code(l, mod);
	return r < 0 ? r : check_ops(l, mod);
}

/* --- the loader's modules --- */

static struct module *find(struct loader *loader, uint64_t hash, const void *image,
			   size_t size)
{
	struct module *mod;

	for (mod = loader->modules; mod; mod = mod->next)
		if (mod->hash == hash && mod->size == size && !mod->retired &&
		    !memcmp(mod->image, image, size))
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
		return refuse(l, r, "%s", reason);
	mod = calloc(1, sizeof(*mod));
	if (!mod) {
		r = out_of_memory(l);
		goto out_wasm;
	}
	mod->fd = mod->image_fd = -1;
	mod->owner = l->loader;
	mod->hash = hash;
	if (!share_take(&share_files, l->loader->files, MODULE_FILES)) {
		free(mod);
		r = refuse(l, -ENFILE, "there are too many programs");
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

int module_load(struct loader *loader, const char *name, const void *image,
		size_t size, struct module **out, char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.loader = loader, .name = name, .image = image, .size = size,
		.error = error,
	};
	uint64_t hash = cache_hash(0, image, size);
	struct module *mod = find(loader, hash, image, size);

	if (mod && mod->optimizable && outdated(mod, name)) {
		retire(mod);
		mod = NULL;
	}
	if (mod) {
		loader->stats->loaded++;
		mod->refs++;
		*out = mod;
		return 0;
	}
	return add_module(&l, hash, out);
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
	return refuse(&l, -EADDRINUSE, "the place of its code is taken");
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
		!(mod->optimizable && outdated(mod, mod->name));

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
