/* SPDX-License-Identifier: MIT */
/*
 * What is said in a boot image's head and descriptions, before any of it is
 * used.  They are ours, by their sum; this is for what was damaged before it was
 * signed, and so that no number of a file is an address or a size unseen.
 */
#include <limits.h>
#include <string.h>

#include "host_page.h"
#include "image/impl.h"
#include "loader/load.h"
#include "loader/module.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/task.h"

#define MEMORY_MAX	(3584u << 20)
#define USER_ADDRESSES	(1ull << 47)
#define MAPPINGS	(ARENA_ADDRESS + ARENA_SIZE)

static bool in_objects(const struct image *im, const void *p, uint64_t n, size_t size)
{
	const struct part *objects = &im->part[0];
	uint64_t offset = (uintptr_t)p - objects->addr;

	return offset <= objects->size && n <= (objects->size - offset) / size;
}

static bool is_mapping(const struct part *p, uint64_t size)
{
	return p->base >= MAPPINGS && !(p->base % FILE_ALIGN) &&
		p->base < USER_ADDRESSES && size <= USER_ADDRESSES - p->base;
}

/* The kernel's, or the user's: what is in use of it, up to its top. */
static bool check_stack(const struct part *p, uint64_t low, uint64_t top)
{
	low += p->base + NATIVE_GUARD;
	top += p->base + NATIVE_GUARD;
	return is_mapping(p, NATIVE_GUARD + NATIVE_STACK) && p->addr >= low &&
		p->addr <= top && p->size == top - p->addr;
}

static bool is_code(const struct part *p)
{
	return p->kind == PART_CODE || p->kind == PART_QUICK;
}

static bool is_module(const struct part *p)
{
	return p->kind == PART_MODULE || p->kind == PART_LIBRARY;
}

static bool check_builtin(const struct part *p)
{
	const struct module_builtin *b = image_find_builtin((void *)p->addr);

	if (!b || p->kind == PART_MODULE)
		return b != NULL;
	return b->ops->link && p->base == b->ops->link->place - MUSLIN_MODULES;
}

/* Where the words of a library can be. */
static bool check_place(const struct part *p)
{
	return p->kind == PART_MODULE || (p->base >= BUILTIN_WORDS &&
		p->base < MODULE_WORDS && !(p->base % KERNEL_PAGE));
}

/*
 * Of a program: its code, its name, itself; one that is built in is alone.  Where the
 * quick tier's is, and what is in it, quick_reserve_at() and quick_map() look at.
 */
static bool check_module(const struct image *im, uint32_t i)
{
	const struct part *p = &im->part[i], *end = im->part + im->head.nparts;

	switch (p->kind) {
	case PART_CODE:
	case PART_QUICK:
		return p + 2 < end && p->size && p[1].kind == PART_NAME &&
			is_module(&p[2]) && p[2].size &&
			p[1].id == p->id && p[2].id == p->id &&
			(p->kind == PART_CODE || p->size <= QUICK_PLACE);
	case PART_NAME:
		return i > 0 && is_code(&p[-1]) && p->size && p->size <= PATH_MAX;
	default:
		return p->size ? i > 1 && is_code(&p[-2]) && p[-1].kind == PART_NAME &&
			check_place(p) : check_builtin(p);
	}
}

static bool check_memory(const struct image *im, const struct part *p, uint64_t *end)
{
	bool right = p->size && !(p->addr % KERNEL_PAGE) && !(p->size % KERNEL_PAGE) &&
		p->addr >= *end && p->addr < im->head.memory_size &&
		p->size <= im->head.memory_size - p->addr;

	*end = p->addr + p->size;
	return right;
}

/* What a part of this kind has no use for is 0. */
static bool check_unused(const struct part *p)
{
	bool has_id = p->kind >= PART_NAME && p->kind <= PART_LIBRARY;
	bool has_addr = p->kind <= PART_USER || p->kind == PART_QUICK || is_module(p) ||
		p->kind == PART_MEMORY;
	bool has_base = p->kind <= PART_USER || p->kind == PART_QUICK ||
		p->kind == PART_LIBRARY;

	return (has_id || !p->id) && (has_addr || !p->addr) && (has_base || !p->base);
}

static bool check_part(const struct image *im, uint32_t i, uint64_t *memory)
{
	const struct muslin *m = &im->head.machine;
	const struct part *p = &im->part[i];

	if (!check_unused(p))
		return false;
	switch (p->kind) {
	case PART_OBJECTS:
		return !i && p->base == ARENA_ADDRESS &&
			p->addr == ARENA_ADDRESS + sizeof(*m) &&
			p->size <= ARENA_SIZE - sizeof(*m) - 16;
	case PART_SPACE:
		return is_mapping(p, MM_RESERVED) && p->addr == p->base &&
			p->size == MUSLIN_MEMORY_OFFSET;
	case PART_WORDS:
		return p[-1].kind == PART_SPACE && p[-1].base == p->base &&
			p->addr == p->base + MM_PROGRAM && p->size <= MODULE_WORDS;
	case PART_STACK:
		return check_stack(p, 0, NATIVE_KERNEL);
	case PART_USER:
		return p[-1].kind == PART_STACK && p[-1].base == p->base &&
			check_stack(p, NATIVE_RESERVE, NATIVE_STACK);
	case PART_NAME:
	case PART_CODE:
	case PART_QUICK:
	case PART_MODULE:
	case PART_LIBRARY:
		return check_module(im, i);
	case PART_FILES:
		return true;
	case PART_MEMORY:
		return check_memory(im, p, memory);
	default:
		return false;
	}
}

static bool check_program(const struct kept_program *p, uint32_t used)
{
	int i, j;

	if (p->id < 0 || p->id == INT_MAX || (p->id && used != 1) ||
	    p->tty < 0 || p->tty > 1 || p->regular & ~7u)
		return false;
	for (i = 0; i < 3; i++) {
		int n = p->stream[i];

		/* kept_program is all zero if there is none */
		if (p->id && (n < -1 || n == HOST_STREAM_CTL || n >= HOST_STREAMS))
			return false;
		for (j = 0; j < i; j++)
			if (p->id && n >= 0 && n == p->stream[j])
				return false;
	}
	return true;
}

/* Those that there are come first; no two are one, or have the same file. */
static bool check_programs(const struct head *h)
{
	const struct kept_program *p = h->programs;
	int i, j, k;

	for (i = 0; i < PROGRAMS; i++) {
		if (!check_program(&p[i], h->used) || (i && p[i].id && !p[i - 1].id))
			return false;
		for (j = 0; j < i && p[i].id; j++) {
			if (p[j].id == p[i].id || (p[j].tty && p[i].tty))
				return false;
			for (k = 0; k < 9; k++)
				if (p[i].stream[k / 3] >= 0 &&
				    p[i].stream[k / 3] == p[j].stream[k % 3])
					return false;
		}
	}
	return true;
}

/* The kernel's instance is that of a space. */
static bool check_kernel(const struct image *im)
{
	const struct muslin *m = &im->head.machine;
	uint64_t kernel = (uintptr_t)m->kernel;
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++)
		if (im->part[i].kind == PART_SPACE && im->part[i].base == kernel)
			break;
	return i < im->head.nparts &&
		(uintptr_t)m->memory == kernel + MUSLIN_MEMORY_OFFSET;
}

/* The only one has a task, and a page of shared words in the kernel's memory. */
static bool check_vcpu(const struct image *im)
{
	const struct muslin *m = &im->head.machine;
	const struct vcpu *v = boot_vcpu(m);
	uint64_t page = (uintptr_t)v->page - (uintptr_t)m->memory;

	return page <= m->memory_size - sizeof(*v->page) &&
		in_objects(im, v->task, 1, sizeof(*v->task));
}

static bool check_machine(const struct image *im)
{
	const struct muslin *m = &im->head.machine;

	return m->memory_size == im->head.memory_size && m->memory_size &&
		m->memory_size <= MEMORY_MAX && !(m->memory_size % KERNEL_PAGE) &&
		m->ntasks > 0 && m->nmms > 0 &&
		in_objects(im, m->tasks, m->ntasks, sizeof(*m->tasks)) &&
		in_objects(im, m->mms, m->nmms, sizeof(*m->mms)) &&
		in_objects(im, m->stacks, 1, 1);
}

/* Each behind the one before, as image_save() has it, to the end of the file: none overlap. */
static bool check_places(const struct image *im)
{
	uint64_t end = sizeof(im->head) + im->head.nparts * sizeof(*im->part), at, memory = 0;
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];

		if (i && p[-1].kind == PART_MEMORY && p->kind != PART_MEMORY)
			return false;
		at = i ? part_place(p, end) : end;
		if (at < end || at > im->head.size || p->offset != at ||
		    p->size > im->head.size - at)
			return false;
		end = at + p->size;
		if (p->kind == PART_MEMORY)
			memory += p->size;
	}
	return end == im->head.size && memory == im->head.memory_bytes;
}

bool image_check(const struct image *im)
{
	const struct head *h = &im->head;
	uint64_t memory = 0;
	uint32_t i;

	if (!h->nparts || h->nparts > MAX_PARTS || h->used > 1 ||
	    h->clock > INT64_MAX || h->cmdline[sizeof(h->cmdline) - 1] ||
	    im->part[0].kind != PART_OBJECTS)
		return false;
	if (!check_places(im) || !check_programs(h))
		return false;
	for (i = 0; i < h->nparts; i++)
		if (!check_part(im, i, &memory))
			return false;
	return check_machine(im) && check_kernel(im) && check_vcpu(im);
}

bool image_check_data(const struct image *im)
{
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];
		const char *data = im->data[i];

		if (p->kind == PART_NAME && data[p->size - 1])
			return false;
	}
	return true;
}
