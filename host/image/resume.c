/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/hostfs.h"
#include "image/impl.h"
#include "machine/clock.h"
#include "machine/kernel.h"
#include "machine/link.h"
#include "loader/module.h"
#include "machine/mm.h"
#include "machine/stack.h"

static int read_at(int fd, void *data, size_t n, uint64_t offset)
{
	ssize_t r;

	for (; n; n -= r, offset += r, data = (char *)data + r) {
		r = pread(fd, data, n, offset);
		if (r < 0 && errno == EINTR)
			r = 0;
		else if (r <= 0)
			return r ? -errno : -ENOENT;
	}
	return 0;
}

/* What is not as it should be; NULL: nothing. */
static const char *check_file(const struct head *h, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_mode & 022 || (st.st_uid != geteuid() && st.st_uid))
		return "others can write to it";
	if (memcmp(h->magic, IMAGE_MAGIC, sizeof(h->magic)))
		return "not an image of muslin snapshot";
	return NULL;
}

static const char *check_head(const struct head *h, const struct head *want, int fd)
{
	struct stat st;

	if (memcmp(h->build, want->build, sizeof(h->build)) || h->code != want->code)
		return "made by another muslin";
	if (h->signal_frame != want->signal_frame || memcmp(h->cpu, want->cpu, sizeof(h->cpu)))
		return "made on another processor";
	if (fstat(fd, &st) || h->size != (uint64_t)st.st_size || h->nparts > MAX_PARTS)
		return "damaged";
	return NULL;
}

/* Made by this program, for this processor? */
static int read_head(struct image *im, int fd)
{
	struct head *h = &im->head, *want = calloc(1, sizeof(*want));
	const char *why = "no build ID, or a long command line";

	if (!want)
		return -ENOMEM;
	if (image_identify(im->m, want)) {
		if (read_at(fd, h, sizeof(*h), 0))
			memset(h, 0, sizeof(*h));
		why = check_file(h, fd);
		if (!why)
			why = check_head(h, want, fd);
	}
	free(want);
	return why ? fail(im->m, -ENOENT, "%s", why) : 0;
}

/* The machine that this one is to be when it has booted? */
static int check_same(const struct image *im, uint64_t memory_size)
{
	const struct head *h = &im->head;

	if (h->memory_size == memory_size && !h->used && !strcmp(h->cmdline, im->m->cmdline))
		return 0;
	return fail(im->m, -ENOENT, "of another machine");
}

/* Whoever can write a file cannot make its sum, unless it can read the cache. */
static int read_table(struct image *im, int fd)
{
	uint8_t sum[SIPHASH_SIZE];
	char error[256];
	int r = cache_secret(false, im->secret, error, sizeof(error));

	if (r)
		return fail(im->m, r, "not made with this cache: %s", error);
	if (read_at(fd, im->part, im->head.nparts * sizeof(*im->part), sizeof(im->head)))
		return fail(im->m, -ENOENT, "damaged");
	image_sum_table(im, sum);
	if (memcmp(sum, im->head.table, sizeof(sum)))
		return fail(im->m, -ENOENT, "damaged, or not made with this cache");
	return image_check(im) ? 0 : fail(im->m, -ENOENT, "damaged");
}

static size_t mapping_size(const struct part *p)
{
	switch (p->kind) {
	case PART_SPACE:
		return MM_RESERVED;
	case PART_STACK:
		return NATIVE_GUARD + NATIVE_STACK;
	default:
		return 0;
	}
}

static void unmap(struct image *im, uint32_t n)
{
	while (n--)
		if (mapping_size(&im->part[n]))
			munmap((void *)im->part[n].base, mapping_size(&im->part[n]));
}

/* Every address that is needed, or none. */
static int map(struct image *im)
{
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++) {
		struct part *p = &im->part[i];
		size_t size = mapping_size(p);

		if (size && !arena_map_at((void *)p->base, size)) {
			unmap(im, i);
			return fail(im->m, -EADDRINUSE, "its addresses are taken here");
		}
	}
	return 0;
}

static int load_memory(struct muslin *m, int fd, const struct part *p)
{
	uint32_t page, end = (p->addr + p->size) / KERNEL_PAGE;

	if (p->addr < MEMORY_START || p->addr + p->size > m->memory_size)
		return -ENOENT;
	if (mmap(m->memory + p->addr, p->size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, fd, p->offset) == MAP_FAILED)
		return -errno;
	for (page = p->addr / KERNEL_PAGE; page < end; page++)
		m->image_pages[page / 8] |= 1 << page % 8;
	return 0;
}

/* The place of a part that is not memory. */
static void *make_place(const struct part *p)
{
	void *to = (void *)p->addr;

	switch (p->kind) {
	case PART_OBJECTS:
	case PART_USER:
		return to;
	case PART_SPACE:
		return mprotect(to, p->size, PROT_READ | PROT_WRITE) ? NULL : to;
	case PART_WORDS:
		return mprotect(to, MODULE_WORDS, PROT_READ | PROT_WRITE) ? NULL : to;
	case PART_STACK:
		return stack_protect((uint8_t *)p->base + NATIVE_GUARD) ? NULL : to;
	case PART_CODE:
	case PART_QUICK:
		to = mmap(NULL, p->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return to == MAP_FAILED ? NULL : to;
	default:
		return malloc(p->size + 1);
	}
}

static int load(struct image *im, int fd)
{
	uint8_t sum[SIPHASH_SIZE];
	uint32_t i;
	int r;

	for (i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];
		void *to;

		if (p->kind == PART_MEMORY)
			continue;
		im->data[i] = to = make_place(p);
		if (!to)
			return fail(im->m, -ENOMEM, "out of memory");
		r = read_at(fd, to, p->size, p->offset);
		if (r)
			return fail(im->m, r, "damaged");
	}
	image_sum(im, sum);
	if (memcmp(sum, im->head.sum, sizeof(sum)) || !image_check_data(im))
		return fail(im->m, -ENOENT, "damaged");
	return 0;
}

/* What was read and is not in use. */
static void unload(struct image *im)
{
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++) {
		void *p = (void *)im->data[i];

		switch (im->part[i].kind) {
		case PART_CODE:
		case PART_QUICK:
			if (p)
				munmap(p, im->part[i].size);
			break;
		case PART_NAME:
		case PART_MODULE:
		case PART_LIBRARY:
		case PART_FILES:
			free(p);
			break;
		}
		im->data[i] = NULL;
	}
}

/* A vCPU's thread, and what it has of the host, are this process's own. */
static void take_vcpu(struct muslin *m, struct vcpu *v, const struct vcpu *saved)
{
	vcpu_init(v, m);
	v->page = saved->page;
	v->task = saved->task;
	v->timer_when = saved->timer_when;
	v->kernel = saved->kernel;
}

/* The kernel's state is the image's; all else that a machine has is this process's own. */
static void take(struct muslin *m, const struct muslin *saved)
{
	bool keep = m->arena.keep;

	m->kernel = saved->kernel;
	m->memory = saved->memory;
	m->memory_size = saved->memory_size;
	m->tasks = saved->tasks;
	m->ntasks = saved->ntasks;
	m->stacks = saved->stacks;
	m->mms = saved->mms;
	m->nmms = saved->nmms;
	m->families = saved->families;
	m->arena = saved->arena;
	m->arena.keep = keep;
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
	int j, n = 0, r = module_resume(&m->loader, &k, &mod, error);

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
		r = load_modules(im);
	for (i = 0; i < im->head.nparts && !r; i++) {
		switch (im->part[i].kind) {
		case PART_MEMORY:
			r = load_memory(m, fd, &im->part[i]);
			break;
		case PART_FILES:
			r = load_files(im, i);
		}
	}
	if (r)
		return r;
	m->loader.module_id = im->head.machine.loader.module_id;
	clock_resume(m, im->head.clock);
	return 0;
}

int image_resume(struct muslin *m, int fd, uint64_t memory_size,
		 struct kept_program *programs)
{
	struct arena before = m->arena;
	struct image *im;
	int r;

	if (!arena_in_place(m))
		return fail(m, -EADDRINUSE, "its addresses are taken here");
	im = calloc(1, sizeof(*im));
	if (!im)
		return fail(m, -ENOMEM, "out of memory");
	im->m = m;
	r = read_head(im, fd);
	if (!r)
		r = read_table(im, fd);
	if (!r && im->head.used && programs)
		memcpy(programs, im->head.programs, sizeof(im->head.programs));
	if (!r && memory_size)
		r = check_same(im, memory_size);
	if (!r)
		r = map(im);
	if (r)
		goto out;
	r = load(im, fd);
	if (!r) {
		take(m, &im->head.machine);
		r = start(im, fd);
	}
	if (r) {
		unmap(im, im->head.nparts);
		image_exit(m);
		module_exit(&m->loader);
		machine_reset(m);
		m->arena = before;
		memset(before.next, 0, im->part[0].size);
		if (!m->error[0])
			fail(m, r, "%s", strerror(-r));
	}
	unload(im);
out:
	free(im);
	return r;
}
