/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostfs/hostfs.h"
#include "image/impl.h"
#include "machine/clock.h"
#include "machine/kernel.h"
#include "machine/link.h"
#include "loader/module.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/task.h"

/* Until the machine's end: stacks come when their tasks run. */
struct kept_image {
	struct image *im;
	struct image_moves moves;
};

static void *moved(const struct muslin *m, const void *p)
{
	return (void *)(uintptr_t)image_moved(&m->kept->moves, (uintptr_t)p);
}

void image_exit(struct muslin *m)
{
	free(m->image_pages);
	m->image_pages = NULL;
	if (!m->kept)
		return;
	if (m->arena.window)
		munmap(m->arena.window, m->arena.window_size);
	m->arena.window = NULL;
	m->arena.window_size = 0;
	image_put(m->kept->im);
	free(m->kept->moves.move);
	free(m->kept);
	m->kept = NULL;
}

/* Parts of memory with what is between them, which is zero in the file, too. */
static int map_memory(struct muslin *m, int fd, const struct part *first, const struct part *last)
{
	uint64_t end = last->addr + last->size, page;

	if (first->addr < MEMORY_START || end > m->memory_size)
		return -ENOENT;
	if (mmap(m->memory + first->addr, end - first->addr, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, fd, first->offset) == MAP_FAILED)
		return -errno;
	for (page = first->addr / KERNEL_PAGE; page < end / KERNEL_PAGE; page++)
		m->image_pages[page / 8] |= 1 << page % 8;
	return 0;
}

static int load_memory(struct image *im, int fd)
{
	const struct part *p = im->part, *end = im->part + im->head.nparts, *last;
	int r = 0;

	for (; p < end && !r; p = last + 1) {
		last = p;
		if (p->kind != PART_MEMORY)
			continue;
		while (last + 1 < end && part_follows(last + 1))
			last++;
		r = map_memory(im->m, fd, p, last);
	}
	return r;
}

/* A task's two stacks, which are parts i and i + 1. */
static int bring(struct muslin *m, uint32_t i)
{
	const struct image *im = m->kept->im;
	const struct part *p = &im->part[i];

	if (stack_protect((uint8_t *)moved(m, (void *)p->base) + NATIVE_GUARD))
		return -ENOMEM;
	for (int n = 0; n < 2; n++, p++)
		image_copy(&m->kept->moves, moved(m, (void *)p->addr), im->data[i + n], p->size);
	return 0;
}

/* Its task is about to run, or is looked at. */
static int bring_stack(struct muslin *m, struct stack *s)
{
	uint32_t i = s->kept - 1;

	s->kept = 0;
	return bring(m, i);
}

static int load_pages(struct image *im, uint32_t i, size_t room)
{
	const struct part *p = &im->part[i];
	void *to = moved(im->m, (void *)p->addr);

	if (room && mprotect(to, room, PROT_READ | PROT_WRITE))
		return fail(im->m, -ENOMEM, "out of memory");
	image_copy_pages(&im->m->kept->moves, to, im->data[i], p->size);
	return 0;
}

static int load(struct image *im)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < im->head.nparts && !r; i++) {
		switch (im->part[i].kind) {
		case PART_OBJECTS:
			r = load_pages(im, i, 0);
			break;
		case PART_SPACE:
			r = load_pages(im, i, im->part[i].size);
			break;
		case PART_WORDS:
			r = load_pages(im, i, MODULE_WORDS);
			break;
		}
	}
	return r;
}

/* Each task's stacks wait in the image. */
static int find_stacks(struct image *im)
{
	struct muslin *m = im->m;
	uint32_t i;
	int t, n = 0, wanted = 0;

	for (t = 0; t < m->ntasks; t++)
		wanted += m->tasks[t] != NULL;
	/* save.c has them in the order of tasks */
	for (t = 0, i = 0; i < im->head.nparts; i++) {
		if (im->part[i].kind != PART_STACK)
			continue;
		while (t < m->ntasks && !m->tasks[t])
			t++;
		if (t == m->ntasks || m->tasks[t]->stack->base !=
		    (uint8_t *)moved(m, (void *)im->part[i].base) + NATIVE_GUARD)
			return fail(m, -ENOENT, "damaged");
		m->tasks[t++]->stack->kept = i + 1;
		n++;
	}
	m->bring_stack = bring_stack;
	return n == wanted ? 0 : fail(m, -ENOENT, "damaged");
}

/* A vCPU's thread, and what it has of the host, are this process's own. */
static void take_vcpu(struct muslin *m, struct vcpu *v, const struct vcpu *saved)
{
	vcpu_init(v, m);
	v->page = moved(m, saved->page);
	v->task = moved(m, saved->task);
	v->timer_when = saved->timer_when;
	v->kernel = saved->kernel;
}

/* The kernel's state is the image's; all else that a machine has is this process's own. */
static void take(struct muslin *m, const struct muslin *saved)
{
	bool keep = m->arena.keep;

	m->kernel = moved(m, saved->kernel);
	m->memory = moved(m, saved->memory);
	m->memory_size = saved->memory_size;
	m->tasks = moved(m, saved->tasks);
	m->ntasks = saved->ntasks;
	m->stacks = moved(m, saved->stacks);
	m->mms = moved(m, saved->mms);
	m->nmms = saved->nmms;
	m->families = saved->families;
	if (arena_in_place(m)) {
		m->arena = saved->arena;
		m->arena.keep = keep;
	} else {
		arena_close(m);
		m->arena.window = m->kept->moves.mapped;
		m->arena.window_size = m->kept->moves.size;
	}
	/* it had but one */
	take_vcpu(m, boot_vcpu(m), boot_vcpu(saved));
}

const struct module_builtin *image_find_builtin(const void *ops)
{
	const struct module_builtin *b;

	for (b = muslin_builtin_modules; b->image; b++)
		if (b->ops == ops)
			return b;
	return NULL;
}

/* Of a program or library; its code and name, if there are any, are before it. */
static struct module_kept describe(const struct image *im, uint32_t i)
{
	const struct part *p = &im->part[i];
	struct module_kept k = {
		.id = p->id, .name = "init", .ops = (void *)p->addr,
		.library = p->kind == PART_LIBRARY, .place = p->base,
	};
	const struct module_builtin *b;

	if (!p->size) {
		b = image_find_builtin(k.ops);
		k.image = b->image;
		k.size = (char *)b->end - (char *)b->image;
		return k;
	}
	k.image = im->data[i];
	k.size = p->size;
	k.name = im->data[i - 1];
	k.code = im->data[i - 2];
	k.code_size = p[-2].size;
	if (p[-2].kind == PART_QUICK) {
		k.quick = (void *)p[-2].addr;
		k.functions = (void *)p[-2].base;
	}
	return k;
}

/* Who has it takes it: how many, or -errno. */
static int load_module(struct image *im, uint32_t i)
{
	struct module_kept k = describe(im, i);
	char error[MODULE_ERROR_SIZE];
	struct muslin *m = im->m;
	struct module *mod;
	int j, n = 0, r;

	memcpy(k.image_sum, im->head.sum, sizeof(k.image_sum));
	r = module_resume(&m->loader, &k, &mod, error);

	if (r)
		return fail(m, r, "%s", error);
	for (j = 0; j < m->nmms; j++)
		if (m->mms[j])
			n += link_resume(m->mms[j], mod);
	module_put(mod);
	return n;
}

/* How many modules address spaces have: the image's pointers to them lead nowhere. */
static int forget_modules(struct muslin *m)
{
	struct instance *e;
	int j, n = 0;

	for (j = 0; j < m->nmms; j++) {
		struct mm *mm = m->mms[j];

		if (!mm)
			continue;
		n += mm->module != NULL;
		mm->module = NULL;
		for (e = mm->libraries; e; e = e->next, n++)
			e->mod = NULL;
	}
	return n;
}

static int load_modules(struct image *im)
{
	int wanted = forget_modules(im->m), n = 0, r = 0;
	uint32_t i;

	for (i = 0; i < im->head.nparts && r >= 0; i++) {
		if (im->part[i].kind != PART_MODULE && im->part[i].kind != PART_LIBRARY)
			continue;
		r = load_module(im, i);
		n += r > 0 ? r : 0;
	}
	if (r < 0)
		return r;
	return n == wanted ? 0 : fail(im->m, -ENOENT, "damaged");
}

static int load_files(struct image *im, uint32_t i)
{
	struct muslin *m = im->m;
	char path[160];
	int r = hostfs_load(m->hostfs, im->data[i], im->part[i].size, path,
			    sizeof(path));

	if (r == -ESTALE)
		return fail(m, r, "%s has changed since the image was made", path);
	return r ? fail(m, r, "%s: %s", path, strerror(-r)) : 0;
}

static int start(struct image *im, int fd)
{
	struct muslin *m = im->m;
	uint32_t i;
	int r;

	m->image_pages = calloc(1, page_bytes(m));
	if (!m->image_pages)
		return -ENOMEM;
	r = mm_resume(m);
	if (!r)
		r = find_stacks(im);
	if (!r)
		r = load_modules(im);
	if (!r)
		r = load_memory(im, fd);
	for (i = 0; i < im->head.nparts && !r; i++)
		if (im->part[i].kind == PART_FILES)
			r = load_files(im, i);
	if (r)
		return r;
	m->loader.module_id = im->head.machine.loader.module_id;
	clock_resume(m, im->head.clock);
	return 0;
}

/* It is as before. */
static void undo(struct image *im, struct arena before)
{
	struct muslin *m = im->m;
	size_t objects = im->part[0].size;

	m->arena.window = NULL;
	image_unmap(im, &m->kept->moves);
	image_exit(m);
	module_exit(&m->loader);
	machine_reset(m);
	m->arena = before;
	memset(m + 1, 0, objects);
}

int image_resume(struct muslin *m, int fd, uint64_t memory_size,
		 struct kept_program *programs)
{
	struct arena before = m->arena;
	struct image *im;
	int r;

	im = image_get(m, fd, memory_size, programs, &r);
	if (!im)
		return r;
	m->kept = calloc(1, sizeof(*m->kept));
	if (!m->kept) {
		image_put(im);
		return fail(m, -ENOMEM, "out of memory");
	}
	m->kept->im = im;
	r = image_map(im, &m->kept->moves);
	if (r) {
		image_exit(m);
		return fail(m, r, r == -ENOMEM ? "out of memory" :
			    "its addresses are taken here");
	}
	r = load(im);
	if (!r) {
		take(m, &im->head.machine);
		r = start(im, fd);
	}
	if (!r)
		return 0;
	undo(im, before);
	if (!m->error[0])
		fail(m, r, "%s", strerror(-r));
	return r;
}
