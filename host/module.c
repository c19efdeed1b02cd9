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
#include "background.h"
#include "module-cache.h"
#include "compile.h"
#include "machine.h"
#include "module.h"
#include "muslin.h"
#include "tier.h"
#include "translate.h"

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
	struct muslin *m;
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
	for (unsigned char *s = (unsigned char *)text; *s; s++) {
		if (*s == 0xc2 && s[1] && s[1] < 0xa0)	/* U+0080 to U+009F */
			*s++ = '?';
		else if (*s >= ' ' && *s != 127)
			continue;
		*s = '?';
	}
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

static const struct kernel_export *find_export(const char *import)
{
	static const char prefix[] = "__syscall_";

	if (strncmp(import, prefix, strlen(prefix)))
		return NULL;
	for (unsigned int i = 0; i < kernel_exports_count; i++)
		if (!strcmp(kernel_exports[i].name, import + strlen(prefix)))
			return &kernel_exports[i];
	return NULL;
}

static int check_function(struct load *l, const struct wasm_import *im,
			  void **thunk)
{
	const struct kernel_export *e = find_export(im->name);
	const char *type = l->w.types[im->type];
	char theirs[80], ours[80];

	if (strcmp(im->module, "linux") || !e)
		return refuse(l, -ENOEXEC, "imports %.40s.%.60s, which this kernel does not export",
			      im->module, im->name);
	if (strcmp(type, e->type))
		return refuse(l, -ENOEXEC, "linux.%s has type %s, the kernel's is %s",
			      im->name, wasm_signature(type, theirs, sizeof(theirs)),
			      wasm_signature(e->type, ours, sizeof(ours)));
	*thunk = l->m->calls && !l->builtin ? e->counting : e->thunk;
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

/* Ours takes its place, see fenv.c. */
static int check_fenv(struct load *l, const char *name, const char *type)
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
		r = check_fenv(l, WASM_FENV_GET, ":i");
	if (!r)
		r = check_fenv(l, WASM_FENV_SET, "i:");
	return r;
}

/* --- its native code --- */

static int out_of_memory(struct load *l)
{
	return refuse(l, -ENOMEM, "out of memory");
}

/* A descriptor of a file in memory that nobody can change, or -errno. */
static int memory_file(const void *data, size_t size)
{
	int fd = memfd_create("muslin-module", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	for (const char *p = data; fd >= 0 && size; ) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -EIO;
		}
		p += n;
		size -= n;
	}
	if (fd < 0)
		return -errno;
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
	return fd;
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

/* The loader has checked so, from which it was loaded. */
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

	snprintf(text, sizeof(text), "%.150s: %s", l->name, line);
	make_printable(text);
	l->m->progress(l->m->callback_arg, text);
}

static int load_object(struct load *l, struct module *mod, const void *so,
		       size_t size)
{
	int fd = memory_file(so, size);

	if (fd < 0)
		return refuse(l, fd, "cannot keep the compiled program: %s",
			      strerror(-fd));
	if (open_object(mod, fd)) {
		find_code(mod, so);
		return 0;
	}
	close(fd);
	return refuse(l, -ENOEXEC, "cannot load the compiled program: %s",
		      dlerror());
}

/* True if the cache had it. */
static bool load_cached(struct load *l, struct module *mod, int cache,
			const struct cache_key *key)
{
	size_t size;
	void *so;
	int r;

	if (cache < 0 || !key->identity || cache_get(cache, key, &so, &size))
		return false;
	r = load_object(l, mod, so, size);
	free(so);
	l->m->stats.cached += !r;
	return !r;
}

/* The optimized tier. */
static int compile_module(struct load *l, struct module *mod,
			  const struct compiler *c, int cache,
			  const struct cache_key *key)
{
	char reason[MODULE_ERROR_SIZE];
	size_t size;
	void *so;
	int r = compile(c, &l->w, l->image, l->size, &so, &size,
			l->m->progress ? progress : NULL, l, reason,
			sizeof(reason));

	if (l->m->progress)
		l->m->progress(l->m->callback_arg, "");
	if (r == -ENOEXEC && cache >= 0)
		background_failed(cache, key);
	if (r < 0)
		return refuse(l, r, "%s", reason);
	l->m->stats.compiled++;
	if (cache >= 0 && !cache_put(cache, key, so, size))
		compiler_remember(c, cache);	/* or do it again */
	r = load_object(l, mod, so, size);
	free(so);
	return r;
}

static void tell_waiting(void *arg)
{
	struct load *l = arg;

	if (l->m->progress)
		progress(l, "waiting for another muslin that compiles it");
}

/* The same, unless another process is at it: then what that makes. */
static int compile_once(struct load *l, struct module *mod,
			const struct compiler *c, int cache,
			const struct cache_key *key)
{
	uint64_t start = stats_now();
	int lock = -1, r = 0;

	if (cache >= 0 && key->identity && !l->m->modest)
		lock = cache_lock(cache, key, tell_waiting, l);
	c->stats->optimize += stats_now() - start;
	if (lock < 0 || !load_cached(l, mod, cache, key))
		r = compile_module(l, mod, c, cache, key);
	else if (l->m->progress)
		l->m->progress(l->m->callback_arg, "");
	if (lock >= 0)
		cache_unlock(cache, key, lock);
	return r;
}

/* The quick tier. */
static int compile_quickly(struct load *l, struct module *mod,
			   const struct compiler *c)
{
	char reason[MODULE_ERROR_SIZE], *text;
	struct translation t = {
		.wasm2c = c->wasm2c, .w = &l->w, .name = "program",
		.error = reason, .n = sizeof(reason),
	};
	uint64_t start = stats_now();
	int r = compiler_need(c, false, reason, sizeof(reason));

	if (!r)
		r = translate_text(&t, l->image, l->size, &text);
	c->stats->translate += stats_now() - start;
	start = stats_now();
	if (!r) {
		r = quick_compile(text, &mod->quick, reason, sizeof(reason));
		free(text);
	}
	c->stats->quick += stats_now() - start;
	if (r < 0)
		return refuse(l, r, "%s", reason);
	c->stats->compiled++;
	mod->ops = mod->quick.ops;
	return 0;
}

static int load_or_compile(struct load *l, struct module *mod,
			   const struct compiler *c, int tier, int cache)
{
	struct cache_key key = { l->image, l->size, c->identity, l->name };
	int r;

	if (tier == MUSLIN_TIER_QUICK)
		return compile_quickly(l, mod, c);
	if (load_cached(l, mod, cache, &key))
		return 0;
	if (tier == MUSLIN_TIER_OPTIMIZED)
		return compile_once(l, mod, c, cache, &key);
	r = compile_quickly(l, mod, c);
	/* what is too large for the one may be good for the other */
	if (r < 0 && c->identity && c->cc)
		return compile_once(l, mod, c, cache, &key);
	if (r || !c->cc || cache < 0)
		return r;
	mod->optimizable = true;
	if (background_started(cache, &key))
		background_begin(cache, &key);
	return 0;
}

static uint64_t time_compiling(const struct muslin_stats *s)
{
	return s->translate + s->quick + s->optimize;
}

static int native_code(struct load *l, struct module *mod)
{
	char reason[MODULE_ERROR_SIZE];
	struct compiler c;
	struct muslin_stats *stats = &l->m->stats;
	uint64_t start = stats_now(), compiling = time_compiling(stats);
	int tier = tier_of(l->m, reason, sizeof(reason)), cache, r;

	if (tier < 0)
		return refuse(l, tier, "%s", reason);
	cache = cache_open(true, reason, sizeof(reason));
	if (cache == -EINVAL)
		return refuse(l, cache, "%s", reason);
	r = compiler_find(&c);
	if (r < 0) {
		out_of_memory(l);
	} else {
		if (cache >= 0)
			compiler_recall(&c, cache);
		c.stats = stats;
		r = load_or_compile(l, mod, &c, tier, cache);
		compiler_free(&c);
	}
	if (cache >= 0)
		close(cache);
	stats->load += stats_now() - start - (time_compiling(stats) - compiling);
	return r;
}

/*
 * A program of the quick tier, again: true if there is something better by
 * now; if not, that is begun.
 */
static bool outdated(struct module *mod, const char *name)
{
	char reason[MODULE_ERROR_SIZE];
	int cache = cache_open(false, reason, sizeof(reason));
	struct cache_key key = { mod->image, mod->size, NULL, name };
	struct compiler c;
	bool found = false;

	if (cache < 0)
		return false;
	if (!compiler_find(&c)) {
		key.identity = c.identity;
		found = key.identity && cache_has(cache, &key);
		if (key.identity && !found)
			background_begin(cache, &key);
		compiler_free(&c);
	}
	close(cache);
	return found;
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

static void destroy(struct module *mod)
{
	quick_free(&mod->quick);
	if (mod->handle)
		dlclose(mod->handle);
	if (mod->fd >= 0)
		close(mod->fd);
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
	mod->data_end = mod->data;
	if (mod->pieces.n)
		mod->data_end = (mod->pieces.end + WASM_PAGE - 1) & -WASM_PAGE;
	if (!mod->ops)
		r = l->so ? load_object(l, mod, l->so, l->so_size) :
			native_code(l, mod);
	return r < 0 ? r : check_ops(l, mod);
}

/* --- the machine's modules --- */

static struct module *find(struct muslin *m, uint64_t hash, const void *image,
			   size_t size)
{
	struct module *mod;

	for (mod = m->modules; mod; mod = mod->next)
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
	mod->fd = -1;
	mod->owner = l->m;
	mod->hash = hash;
	r = make(l, mod);
	if (r < 0) {
		destroy(mod);
		goto out_wasm;
	}
	mod->refs = 1;
	mod->id = ++l->m->module_id;
	link_module(mod);
	*out = mod;
out_wasm:
	wasm_free(&l->w);
	return r;
}

int module_load(struct muslin *m, const char *name, const void *image,
		size_t size, struct module **out, char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.m = m, .name = name, .image = image, .size = size,
		.error = error,
	};
	uint64_t hash = cache_hash(0, image, size);
	struct module *mod = find(m, hash, image, size);

	if (mod && mod->optimizable && outdated(mod, name)) {
		retire(mod);
		mod = NULL;
	}
	if (mod) {
		m->stats.loaded++;
		mod->refs++;
		*out = mod;
		return 0;
	}
	return add_module(&l, hash, out);
}

int module_resume(struct muslin *m, uint32_t id, const char *name,
		  const void *image, size_t size, const void *so, size_t so_size,
		  const struct module_ops *ops, struct module **out,
		  char error[MODULE_ERROR_SIZE])
{
	struct load l = {
		.m = m, .name = name, .image = image, .size = size,
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

struct module *module_find(struct muslin *m, uint32_t id)
{
	struct module *mod;

	for (mod = m->modules; mod; mod = mod->next)
		if (mod->id == id)
			return module_get(mod);
	return NULL;
}

struct module *module_reload(struct muslin *m, uint32_t id)
{
	struct module *mod = module_find(m, id);
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

void module_exit(struct muslin *m)
{
	while (m->modules) {
		struct module *mod = m->modules;

		m->modules = mod->next;
		destroy(mod);
	}
}
