/* SPDX-License-Identifier: MIT */
/*
 * wasm_link(): shared libraries in a process.
 *
 * A library's code is the loader's, and the same in all processes.  What a process has of
 * it is functions in its table, and words (translate/link.c): for each import a number, or
 * where its code is.  Guests say numbers; an address of code comes from the table,
 * which the host alone writes.  Words lie in the process's reservation behind what a
 * program can reach, for each library at the same distance from the instance in all
 * processes, so fork() copies them.
 *
 * Types are compared by their addresses, of which each module has its own.  So the process
 * has one for each, that of the program if it has such a type (struct linked_types), and
 * libraries find it in their words.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/share.h"
#include "core/text.h"
#include "host_page.h"
#include "loader/module.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/task.h"
#include "machine/user.h"
#include "machine/x86_64/this-vcpu.h"

#define MAX_LINKS	256u		/* of one call */
#define MAX_LIBRARIES	4096u		/* of a process */
#define FIRST_SLOT	16u		/* what is below means something else to programs */
#define MAX_TABLE	(1u << 20)	/* functions */
/* The mappings that words are, and what is before them. */
#define WORDS_MAPPINGS	2
#define TYPE_SIZE	32

/* Of a process that is linked; its relatives share it until one links more. */
struct table {
	/* What it was before: who was interrupted in a call may be about to read it. */
	struct table *older;
	unsigned int refs;
	bool borrowed;		/* data is the family's */
	wasm_rt_funcref_t *data;
	uint32_t size, room;
};

/* In the order of what they point to, TYPE_SIZE bytes each. */
struct linked_types {
	uint32_t n, room;
	wasm_rt_func_type_t *p;
};

/* One module of a call. */
struct part {
	struct host_link h;
	const uint32_t *values;
	struct instance *entry;
	uint32_t base;		/* of its slots */
	uint64_t *words;	/* that it will have */
	wasm_rt_func_type_t *types;
};

struct linking {
	struct muslin *m;
	struct mm *mm;
	struct part *parts;
	uint32_t n;
	char *error;		/* of HOST_ERROR bytes, the kernel's */
};

static int refuse(const struct linking *l, const struct part *p, int err, const char *fmt, ...)
{
	int n = snprintf(l->error, HOST_ERROR, "%.100s: ", p->entry->mod->name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->error + n, HOST_ERROR - n, fmt, ap);
	va_end(ap);
	l->error[printable(l->error, l->error, strlen(l->error), false)] = 0;
	return err;
}

/* --- the function table --- */

static void table_put(struct muslin *m, struct table *t)
{
	while (t && !--t->refs) {
		struct table *older = t->older;

		if (!t->borrowed)
			arena_free(m, t->data);
		arena_free(m, t);
		t = older;
	}
}

static void set_table(const struct mm *mm, const struct table *t)
{
	wasm_rt_funcref_table_t *to = mm->ops->table(mm->space->base);

	to->data = t->data;
	to->size = to->max_size = t->size;
	muslin_head(mm->space->base)->functions = *to;
}

/* What the process has now, as the first of its tables. */
static int borrow_table(struct muslin *m, struct mm *mm)
{
	const wasm_rt_funcref_table_t *from = mm->ops->table(mm->space->base);
	struct table *t = arena_alloc(m, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct table) {
		.refs = 1, .borrowed = true, .data = from->data,
		.size = from->size, .room = from->size,
	};
	mm->table = t;
	return 0;
}

/* Makes it the process's own, with room for size functions. */
static int own_table(struct muslin *m, struct mm *mm, uint32_t size)
{
	struct table *old = mm->table, *t;
	uint32_t room = old->room;
	bool several = m->cpus > 1;

	if (!old->borrowed && old->refs == 1 && size <= room)
		return 0;
	/*
	 * Another thread of it, on another vCPU, may have found out how large the table
	 * is, and not yet where.
	 */
	if (several && mm->tasks > 1)
		return -EBUSY;
	while (room < size)
		room = room < 512 ? 1024 : room * 2;
	/* once and for all */
	if (several)
		room = MAX_TABLE;
	t = arena_alloc(m, sizeof(*t));
	if (!t)
		return -ENOMEM;
	*t = (struct table) { .older = old, .refs = 1, .size = old->size, .room = room };
	t->data = arena_alloc(m, ((size_t)room + 1) * sizeof(*t->data));
	if (!t->data) {
		arena_free(m, t);
		return -ENOMEM;
	}
	memcpy(t->data, old->data, (size_t)old->size * sizeof(*t->data));
	mm->table = t;
	return 0;
}

static void put_back_table(struct muslin *m, struct mm *mm)
{
	const struct table *t = mm->table;

	if (!t)
		return;
	while (!t->borrowed)
		t = t->older;
	set_table(mm, t);
	table_put(m, mm->table);
	mm->table = NULL;
}

/* --- types --- */

static int compare_types(wasm_rt_func_type_t a, wasm_rt_func_type_t b)
{
	return memcmp(a, b, TYPE_SIZE);
}

/* The process's pointer for a type, which is type if it has none yet; NULL: no memory. */
static wasm_rt_func_type_t same_type(struct muslin *m, struct linked_types *t,
				     wasm_rt_func_type_t type)
{
	uint32_t low = 0, high = t->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_types(t->p[middle], type);

		if (!order)
			return t->p[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (t->n == t->room) {
		uint32_t room = t->room ? t->room * 2 : 64;
		void *p = arena_grow(m, t->p, t->n * sizeof(*t->p), room * sizeof(*t->p));

		if (!p)
			return NULL;
		t->p = p;
		t->room = room;
	}
	memmove(t->p + low + 1, t->p + low, (t->n - low) * sizeof(*t->p));
	t->p[low] = type;
	t->n++;
	return type;
}

static int program_types(struct muslin *m, struct mm *mm)
{
	const struct muslin_type *t = mm->ops->types;

	if (mm->types)
		return 0;
	mm->types = arena_alloc(m, sizeof(*mm->types));
	for (; mm->types && t->type; t++)
		if (!same_type(m, mm->types, t->type))
			return -ENOMEM;
	return mm->types ? 0 : -ENOMEM;
}

static void free_types(struct muslin *m, struct mm *mm)
{
	if (mm->types)
		arena_free(m, mm->types->p);
	arena_free(m, mm->types);
	mm->types = NULL;
}

static int copy_types(struct muslin *m, struct mm *child, const struct mm *parent)
{
	const struct linked_types *from = parent->types;
	struct linked_types *to;

	if (!from)
		return 0;
	to = child->types = arena_alloc(m, sizeof(*to));
	if (!to)
		return -ENOMEM;
	to->p = arena_alloc(m, (from->n + 1) * sizeof(*to->p));
	if (!to->p)
		return -ENOMEM;
	memcpy(to->p, from->p, from->n * sizeof(*to->p));
	to->n = from->n;
	to->room = from->n + 1;
	return 0;
}

const char *link_signature(const struct mm *mm, wasm_rt_func_type_t type)
{
	const struct muslin_type *t;
	const struct instance *e;

	for (t = mm->ops->types; t->type; t++)
		if (!compare_types(t->type, type))
			return t->signature;
	for (e = mm->libraries; e; e = e->next)
		for (t = e->mod->ops->types; t->type; t++)
			if (!compare_types(t->type, type))
				return t->signature;
	return NULL;
}

/* --- words --- */

static uint8_t *words_of(const struct mm *mm, const struct module *mod)
{
	return mm->space->base + (mod->library ? MM_PROGRAM + mod->place : 0);
}

/* Room for them, which nobody has before there is a library. */
static int open_words(struct muslin *m, struct space *s)
{
	if (s->words)
		return 0;
	if (!share_take(&share_mappings, &m->mappings, WORDS_MAPPINGS))
		return -ENOMEM;
	if (mprotect(s->base + MM_PROGRAM, MODULE_WORDS, PROT_READ | PROT_WRITE)) {
		share_give(&share_mappings, &m->mappings, WORDS_MAPPINGS);
		return -ENOMEM;
	}
	s->words = true;
	return 0;
}

/* Where an import leads that is nobody's, or not yet. */
static void nobody(void *instance)
{
	user_rt.trap(instance, WASM_RT_TRAP_CALL_INDIRECT, NULL, __builtin_return_address(0));
}

void link_set_up(struct mm *mm)
{
	const struct module *mod = mm->module;
	const struct muslin_link *link = mm->ops->link;
	uint64_t *words = (uint64_t *)(mm->space->base + link->words);
	wasm_rt_func_type_t *types = (void *)(mm->space->base + link->types);
	const struct muslin_type *t = mm->ops->types;
	uint32_t i;

	if (!link->size)
		return;
	for (i = 0; i < mod->wasm.nimports; i++)
		if (mod->wasm.imports[i].kind == WASM_FUNC)
			words[i] = (uintptr_t)(mod->thunks[i] ? mod->thunks[i] : (void *)nobody);
	for (; t->type; t++)
		*types++ = t->type;
}

/* --- who is in a process --- */

int link_keep(struct muslin *m, struct mm *mm, struct module *mod)
{
	struct instance *e;
	uint32_t n = 0;

	for (e = mm->libraries; e; e = e->next, n++) {
		if (e->mod != mod)
			continue;
		module_put(mod);
		return 0;
	}
	e = n < MAX_LIBRARIES ? arena_alloc(m, sizeof(*e)) : NULL;
	if (!e) {
		module_put(mod);
		return n < MAX_LIBRARIES ? -ENOMEM : -ENFILE;
	}
	e->mod = mod;
	e->module = mod->id;
	e->next = mm->libraries;
	mm->libraries = e;
	return 0;
}

static struct instance *find(const struct mm *mm, uint32_t module)
{
	struct instance *e;

	for (e = mm->libraries; e; e = e->next)
		if (e->mod->id == module)
			return e;
	return NULL;
}

bool link_has(const struct mm *mm, uint32_t module)
{
	return find(mm, module);
}

struct module *link_same(const struct mm *mm, const void *image, size_t size)
{
	const struct instance *e;

	for (e = mm->libraries; e; e = e->next)
		if (e->mod->library && module_is(e->mod, image, size))
			return module_get(e->mod);
	return NULL;
}

const struct module *link_module_at(const struct mm *mm, const void *pc)
{
	const struct instance *e;

	if (module_has(mm->module, pc) || quick_has(&mm->module->quick, pc))
		return mm->module;
	for (e = mm->libraries; e; e = e->next)
		if (module_has(e->mod, pc) || quick_has(&e->mod->quick, pc))
			return e->mod;
	return NULL;
}

static int copy_libraries(struct muslin *m, struct mm *child, const struct mm *parent)
{
	const struct instance *from;
	struct instance **to = &child->libraries;

	for (from = parent->libraries; from; from = from->next) {
		struct instance *e = arena_alloc(m, sizeof(*e));

		if (!e)
			return -ENOMEM;
		*e = *from;
		e->next = NULL;
		module_get(e->mod);
		*to = e;
		to = &e->next;
		if (e->linked && e->mod->library)
			memcpy(words_of(child, e->mod), words_of(parent, e->mod),
			       e->mod->ops->link->size);
	}
	return 0;
}

int link_fork(struct muslin *m, struct mm *child, const struct mm *parent)
{
	if (!link_any(parent))
		return 0;
	if (parent->space->words && open_words(m, child->space))
		return -ENOMEM;
	child->table = parent->table;
	if (child->table)
		child->table->refs++;
	return copy_types(m, child, parent) || copy_libraries(m, child, parent) ? -ENOMEM : 0;
}

void link_exit(struct muslin *m, struct mm *mm)
{
	struct instance *e;

	if (mm->space->family)
		put_back_table(m, mm);
	table_put(m, mm->table);
	mm->table = NULL;
	free_types(m, mm);
	while ((e = mm->libraries)) {
		mm->libraries = e->next;
		module_put(e->mod);
		arena_free(m, e);
	}
	if (!mm->space->words)
		return;
	share_give(&share_mappings, &m->mappings, WORDS_MAPPINGS);
	mm->space->words = false;
}

/* --- boot images --- */

uint64_t link_words(const struct mm *mm)
{
	const struct instance *e;
	uint64_t n = 0;

	for (e = mm->libraries; e; e = e->next) {
		uint64_t end = e->mod->place + e->mod->ops->link->size;

		if (e->linked && e->mod->library && end > n)
			n = end;
	}
	return n;
}

/* Whoever made the image may have counted system calls, and nobody may now. */
static void renew_thunks(struct mm *mm, const struct module *mod)
{
	const struct muslin_link *link = mod->ops->link;
	uint64_t *words = (uint64_t *)(words_of(mm, mod) + link->words);
	uint32_t i;

	for (i = 0; link->size && i < mod->wasm.nimports; i++)
		if (mod->wasm.imports[i].kind == WASM_FUNC && mod->thunks[i])
			words[i] = (uintptr_t)mod->thunks[i];
}

int link_resume(struct mm *mm, struct module *mod)
{
	struct instance *e;
	int n = 0;

	for (e = mm->libraries; e; e = e->next) {
		if (e->module != mod->id)
			continue;
		e->mod = module_get(mod);
		if (e->linked)
			renew_thunks(mm, mod);
		n++;
	}
	if (mm->ops != mod->ops || !mm->space)
		return n;
	mm->module = module_get(mod);
	mm->space->linux_imports.sc = mod->thunks;
	renew_thunks(mm, mod);
	return n + 1;
}

/* --- checks of what the guest wants --- */

static uint32_t first_slot(const struct mm *mm)
{
	const wasm_rt_funcref_table_t *t = mm->ops->table(mm->space->base);

	return mm->module->wasm.ntables ? mm->module->wasm.tables[0].min : t->size;
}

/* What no function is in can be a library's, even below the program's. */
static bool is_free(const struct linking *l, uint32_t base, uint32_t n)
{
	const struct table *t = l->mm->table;
	uint32_t i;

	for (i = base; i < base + n && i < t->size; i++)
		if (t->data[i].func)
			return false;
	return true;
}

static int check_part(const struct linking *l, struct part *p)
{
	const struct module *mod = p->entry->mod;
	uint32_t wanted = mod->wasm.nimports;

	if (!mod->ops->link->size && !p->h.nvalues)
		wanted = 0;
	if (p->h.nvalues != wanted)
		return refuse(l, p, -EINVAL, "%u values for %u imports", p->h.nvalues, wanted);
	p->base = mod->library ? p->h.table_base : first_slot(l->mm);
	/* again: with other values */
	if (p->entry->linked)
		return p->base == p->entry->table_base ? 0 :
			refuse(l, p, -EBUSY, "is linked already, at slot %u", p->entry->table_base);
	if (p->base < FIRST_SLOT || p->base > MAX_TABLE ||
	    mod->ops->link->nslots > MAX_TABLE - p->base ||
	    !is_free(l, p->base, mod->ops->link->nslots))
		return refuse(l, p, -EINVAL, "%u functions at slot %u, where they cannot be",
			      mod->ops->link->nslots, p->base);
	return 0;
}

static bool overlap(uint32_t a, const struct module *x, uint32_t b, const struct module *y)
{
	return a < b + y->ops->link->nslots && b < a + x->ops->link->nslots;
}

/* Parts before p, and what is linked, are others. */
static int check_others(const struct linking *l, const struct part *p)
{
	const struct instance *e;
	const struct part *q;

	for (q = l->parts; q < p; q++)
		if (q->entry == p->entry)
			return refuse(l, p, -EBUSY, "is to be linked twice");
	for (q = l->parts; q < p; q++)
		if (overlap(p->base, p->entry->mod, q->base, q->entry->mod))
			return refuse(l, p, -EINVAL, "slot %u is that of another library", p->base);
	for (e = l->mm->libraries; e; e = e->next)
		if (e->linked && e != p->entry && overlap(p->base, p->entry->mod, e->table_base, e->mod))
			return refuse(l, p, -EINVAL, "slot %u is another library's", p->base);
	return 0;
}

static struct instance *find_part(struct linking *l, const struct host_link *h)
{
	struct module *program = l->mm->module;

	if (h->module)
		return find(l->mm, h->module);
	/* it is in the list from its linking on */
	if (!find(l->mm, program->id) && link_keep(l->m, l->mm, module_get(program)))
		return NULL;
	return find(l->mm, program->id);
}

static int take_part(struct linking *l, struct part *p, const struct host_link *from)
{
	uint32_t *copy;
	int r;

	p->h = *from;
	p->entry = find_part(l, &p->h);
	if (!p->entry)
		return p->h.module ? -ENOENT : -ENOMEM;
	if (!p->entry->mod->ops->link)
		return refuse(l, p, -EINVAL, "cannot be linked");
	r = check_part(l, p);
	if (r)
		return r;
	/* the kernel's, which may change at any time */
	copy = malloc(((size_t)p->h.nvalues + 1) * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, kmem_array(l->m, p->h.values, p->h.nvalues, uint32_t),
	       p->h.nvalues * sizeof(*copy));
	p->values = copy;
	return check_others(l, p);
}

/* --- the first pass: types, and functions into the table --- */

static int take_types(struct linking *l, struct part *p)
{
	const struct muslin_type *t = p->entry->mod->ops->types;
	uint32_t n = 0;

	while (t[n].type)
		n++;
	p->types = calloc(n + 1, sizeof(*p->types));
	if (!p->types)
		return -ENOMEM;
	for (; t->type; t++) {
		p->types[t - p->entry->mod->ops->types] = same_type(l->m, l->mm->types, t->type);
		if (!p->types[t - p->entry->mod->ops->types])
			return -ENOMEM;
	}
	return 0;
}

static int fill_slots(struct linking *l, const struct part *p)
{
	const struct muslin_link *link = p->entry->mod->ops->link;
	uint32_t i;

	for (i = 0; i < link->nslots; i++) {
		const struct muslin_function *s = &link->slots[i];
		wasm_rt_func_type_t type;

		if (!s->func)
			continue;
		type = same_type(l->m, l->mm->types, s->type);
		if (!type)
			return -ENOMEM;
		l->mm->table->data[p->base + i] = (wasm_rt_funcref_t) {
			.func_type = type, .func = s->func,
		};
	}
	return 0;
}

static void clear_slots(const struct linking *l)
{
	const struct part *p;

	for (p = l->parts; p < l->parts + l->n; p++)
		if (!p->entry->linked)
			memset(l->mm->table->data + p->base, 0,
			       p->entry->mod->ops->link->nslots * sizeof(wasm_rt_funcref_t));
}

/* --- the second: words --- */

static int function_word(const struct linking *l, struct part *p, uint32_t i)
{
	const struct module *mod = p->entry->mod;
	const char *name = mod->wasm.imports[i].name;
	const struct table *t = l->mm->table;
	uint32_t value = p->values[i];
	int64_t own;

	if (value == 0xffffffff) {
		own = module_export(mod, name);
		if (own < 0)
			return refuse(l, p, -EINVAL, "does not export %.80s", name);
		value = p->base + own;
	}
	if (!value) {
		p->words[i] = (uintptr_t)nobody;
		return 0;
	}
	if (value >= t->size || !t->data[value].func)
		return refuse(l, p, -EINVAL, "%.80s is said to be at slot %u, where no function is",
			      name, value);
	if (compare_types(t->data[value].func_type, mod->import_types[i])) {
		const char *is = link_signature(l->mm, t->data[value].func_type);
		char theirs[60], ours[60];

		return refuse(l, p, -ENOEXEC, "imports %.60s with type %s, its type is %s", name,
			      wasm_signature(mod->wasm.types[mod->wasm.imports[i].type], ours,
					     sizeof(ours)),
			      is ? wasm_signature(is, theirs, sizeof(theirs)) : "another");
	}
	p->words[i] = (uintptr_t)t->data[value].func;
	return 0;
}

/* What an exception is told by: one for each name. */
static int tag_word(const struct linking *l, struct part *p, uint32_t i)
{
	static const char *const names[] = { "__cpp_exception", "__c_longjmp" };
	const char *name = p->entry->mod->wasm.imports[i].name;
	const struct muslin_tag *t = l->mm->ops->link->tags;
	size_t k;

	for (; t && t->name; t++) {
		if (strcmp(t->name, name))
			continue;
		p->words[i] = (uintptr_t)t->tag;
		return 0;
	}
	for (k = 0; k < sizeof(names) / sizeof(*names); k++) {
		if (strcmp(names[k], name))
			continue;
		p->words[i] = (uintptr_t)names[k];
		return 0;
	}
	return refuse(l, p, -ENOEXEC, "imports the exception %.80s, which the program does not export",
		      name);
}

static int make_word(const struct linking *l, struct part *p, uint32_t i)
{
	const struct module *mod = p->entry->mod;
	const struct wasm_import *im = &mod->wasm.imports[i];
	bool env = !strcmp(im->module, "env");

	switch (im->kind) {
	case WASM_FUNC:
		/* of setjmp nothing is called: translate/link.c */
		if (wasm_is_setjmp(im))
			return 0;
		if (!mod->thunks[i])
			return function_word(l, p, i);
		p->words[i] = (uintptr_t)mod->thunks[i];
		return 0;
	case WASM_GLOBAL:
		p->words[i] = env && !strcmp(im->name, "__memory_base") ? p->h.memory_base :
			env && !strcmp(im->name, "__table_base") ? p->base : p->values[i];
		return 0;
	case WASM_TAG:
		return tag_word(l, p, i);
	default:
		return 0;
	}
}

static int make_words(const struct linking *l, struct part *p)
{
	uint32_t i;

	p->words = calloc((size_t)p->h.nvalues + 1, sizeof(*p->words));
	if (!p->words)
		return -ENOMEM;
	for (i = 0; i < p->h.nvalues; i++) {
		int r = make_word(l, p, i);

		if (r)
			return r;
	}
	return 0;
}

/* Nothing fails any more. */
static void write_part(const struct linking *l, struct part *p)
{
	const struct module *mod = p->entry->mod;
	const struct muslin_link *link = mod->ops->link;
	uint8_t *to = words_of(l->mm, mod);
	uint32_t n = 0;

	if (link->size && mod->library && !p->entry->linked) {
		memset(to, 0, link->size);
		if (link->init)
			link->init(to);
	}
	p->entry->table_base = p->base;
	p->entry->linked = true;
	if (!link->size)
		return;
	while (mod->ops->types[n].type)
		n++;
	if (mod->library)
		memcpy(to + link->tls, &p->h.tls, sizeof(p->h.tls));
	memcpy(to + link->words, p->words, (size_t)p->h.nvalues * sizeof(*p->words));
	memcpy(to + link->types, p->types, n * sizeof(*p->types));
}

static int link_all(struct linking *l)
{
	uint32_t end = l->mm->table->size;
	struct part *p, *last = l->parts + l->n;
	int r = 0;

	for (p = l->parts; p < last; p++)
		if (p->base + p->entry->mod->ops->link->nslots > end)
			end = p->base + p->entry->mod->ops->link->nslots;
	if (own_table(l->m, l->mm, end))
		return -ENOMEM;
	l->mm->table->size = end;
	for (p = l->parts; p < last && !r; p++) {
		r = take_types(l, p);
		if (!r)
			r = fill_slots(l, p);
	}
	for (p = l->parts; p < last && !r; p++)
		r = make_words(l, p);
	for (p = l->parts; p < last && !r; p++)
		write_part(l, p);
	if (r)
		clear_slots(l);
	/* what was there is there, too */
	set_table(l->mm, l->mm->table);
	return r;
}

static int prepare(struct linking *l, const struct host_link *from)
{
	uint32_t i;
	int r = open_words(l->m, l->mm->space);

	if (!r)
		r = program_types(l->m, l->mm);
	if (!r && !l->mm->table)
		r = borrow_table(l->m, l->mm);
	for (i = 0; i < l->n && !r; i++)
		r = take_part(l, &l->parts[i], &from[i]);
	return r;
}

u32 w2c_host_user_link(struct w2c_host *h, u32 id, u32 links, u32 n, u32 error)
{
	struct muslin *m = machine(h);
	struct linking l = {
		.m = m, .mm = mm_program(m, id), .n = n, .error = kmem(m, error, HOST_ERROR),
	};
	const struct host_link *from;
	uint32_t i;
	int r;

	/* another's words may be in that of a program that does not run */
	if (l.mm != this_task()->mm)
		machine_refuse(m, "linked address space %u, which does not run", id);
	l.error[0] = 0;
	if (!n || n > MAX_LINKS)
		return -E2BIG;
	from = kmem_array(m, links, n, struct host_link);
	l.parts = calloc(n, sizeof(*l.parts));
	if (!l.parts)
		return -ENOMEM;
	r = prepare(&l, from);
	if (!r)
		r = link_all(&l);
	for (i = 0; i < n; i++) {
		free((void *)l.parts[i].values);
		free(l.parts[i].words);
		free(l.parts[i].types);
	}
	free(l.parts);
	return r;
}
