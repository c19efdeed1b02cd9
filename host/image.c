/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "image.h"
#include "kernel.h"
#include "machine.h"
#include "module.h"
#include "module-cache.h"
#include "stack.h"

#define KERNEL_PAGE	65536u
#define FILE_ALIGN	4096u
#define MAX_PARTS	4096

static const char magic[16] = "muslin boot img1";

/*
 * The file: this, the parts' descriptions, then the parts; those of physical
 * memory last, each at a multiple of FILE_ALIGN.
 */
struct head {
	char magic[16];
	unsigned char build[32];	/* of the program that made it */
	uint64_t code;			/* where that has its code */
	uint64_t size;			/* of the file */
	uint64_t clock;			/* nanoseconds since boot */
	uint64_t sum;			/* of all that follows, except memory */
	uint32_t memory_size;
	uint32_t nparts;
	uint64_t reserved;
	char cmdline[2048];
	struct muslin machine;
};

enum part_kind {
	PART_OBJECTS,		/* the arena, without the machine */
	PART_SPACE,		/* a reservation: its instance */
	PART_STACK,		/* a native stack: what is in use */
	PART_MEMORY,		/* a piece of physical memory */
};

struct part {
	uint32_t kind;
	uint32_t size;
	uint64_t addr;		/* where it was; PART_MEMORY: physical */
	uint64_t base;		/* of the mapping that it is in */
	uint64_t offset;	/* in the file */
};

struct image {
	struct muslin *m;
	struct head head;
	struct part part[MAX_PARTS];
	uint64_t end;		/* of the file so far */
};

/* --- which program is this? --- */

static int find_build_id(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t here = (uintptr_t)find_build_id;
	const ElfW(Phdr) *ph = info->dlpi_phdr;
	bool ours = false;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		ours |= ph[i].p_type == PT_LOAD &&
			here - (info->dlpi_addr + ph[i].p_vaddr) < ph[i].p_memsz;
	for (i = 0; ours && i < info->dlpi_phnum; i++) {
		const char *p = (char *)(info->dlpi_addr + ph[i].p_vaddr);
		const char *end = p + ph[i].p_memsz;

		while (ph[i].p_type == PT_NOTE && p + sizeof(ElfW(Nhdr)) < end) {
			const ElfW(Nhdr) *n = (void *)p;

			p += sizeof(*n) + ((n->n_namesz + 3) & -4u);
			if (n->n_type == NT_GNU_BUILD_ID && n->n_descsz <= 32) {
				memcpy(arg, p, n->n_descsz);
				return 1;
			}
			p += (n->n_descsz + 3) & -4u;
		}
	}
	return ours ? -1 : 0;
}

/* False: nobody can tell. */
static bool identify(const struct muslin *m, struct head *h)
{
	memcpy(h->magic, magic, sizeof(magic));
	h->code = (uintptr_t)identify;
	if (strlen(m->cmdline) >= sizeof(h->cmdline))
		return false;
	strcpy(h->cmdline, m->cmdline);
	return dl_iterate_phdr(find_build_id, h->build) == 1;
}

void image_name(const struct muslin *m, char *name)
{
	struct head *h = calloc(1, sizeof(*h));
	uint64_t sum = 0;

	if (h && identify(m, h))
		sum = cache_hash(m->ctl->memory, h, offsetof(struct head, machine));
	free(h);
	snprintf(name, CACHE_NAME_SIZE, "%016llx" CACHE_BOOT_SUFFIX,
		 (unsigned long long)sum);
}

/* --- saving --- */

static int add(struct image *im, enum part_kind kind, const void *base,
	       uint64_t addr, uint64_t size)
{
	struct part *p = &im->part[im->head.nparts];

	if (im->head.nparts == MAX_PARTS)
		return -E2BIG;
	*p = (struct part){ kind, size, addr, (uintptr_t)base, 0 };
	im->head.nparts++;
	return 0;
}

static int add_stack(struct image *im, const struct stack *s, const void *sp)
{
	uint8_t *top = stack_top(s);

	return add(im, PART_STACK, s->base - NATIVE_GUARD, (uintptr_t)sp,
		   top - (const uint8_t *)sp);
}

static bool is_builtin(const struct module *mod)
{
	const struct module_builtin *b;

	for (b = muslin_builtin_modules; b->image; b++)
		if (b->ops == mod->ops)
			return true;
	return false;
}

static int add_task(struct image *im, const struct task *t)
{
	if (t->saved || t->stack->refs != 1 || t->stack->reserve_open ||
	    (t->mm && t->fork_point))
		return -EBUSY;
	return add_stack(im, t->stack, t->sp);
}

static int add_space(struct image *im, const struct mm *mm)
{
	if (!mm->space)
		return 0;
	if (mm->saved || mm->space->refs != 1 ||
	    (mm->module && !is_builtin(mm->module)))
		return -EBUSY;
	return add(im, PART_SPACE, mm->space->base, (uintptr_t)mm->space->base,
		   MUSLIN_MEMORY_OFFSET);
}

/* Memory that nobody touched, or that the kernel has given back, is a hole. */
static int add_memory(struct image *im)
{
	off_t end = im->m->memory_size, from, to = 0;
	int r = 0;

	while (!r && (from = lseek(im->m->memory_fd, to, SEEK_DATA)) >= 0 &&
	       from < end) {
		to = lseek(im->m->memory_fd, from, SEEK_HOLE);
		if (to < 0)
			return -errno;
		from &= -(off_t)KERNEL_PAGE;
		to = (to + KERNEL_PAGE - 1) & -(off_t)KERNEL_PAGE;
		r = add(im, PART_MEMORY, NULL, from, to - from);
	}
	return r;
}

static int describe(struct image *im)
{
	struct muslin *m = im->m;
	uint8_t *objects = (uint8_t *)(m + 1);
	int i, r;

	/* a module is not kept, but has the same number in a new machine */
	if (!m->modules || m->modules->next || m->module_id != m->modules->id)
		return -EBUSY;
	r = add(im, PART_OBJECTS, m, (uintptr_t)objects, m->arena.next - objects);
	for (i = 0; i < m->nmms && !r; i++)
		if (m->mms[i])
			r = add_space(im, m->mms[i]);
	for (i = 0; i < m->ntasks && !r; i++)
		if (m->tasks[i])
			r = add_task(im, m->tasks[i]);
	if (!r)
		r = add_stack(im, stack_swapper(m), m->swapper_sp);
	return r ? r : add_memory(im);
}

static const void *data(const struct image *im, const struct part *p)
{
	return p->kind == PART_MEMORY ? im->m->memory + p->addr :
		(void *)p->addr;
}

static void place(struct image *im)
{
	struct part *p;

	im->end = sizeof(im->head) + im->head.nparts * sizeof(*p);
	for (p = im->part; p < im->part + im->head.nparts; p++) {
		if (p->kind == PART_MEMORY)
			im->end = (im->end + FILE_ALIGN - 1) & -(uint64_t)FILE_ALIGN;
		p->offset = im->end;
		im->end += p->size;
	}
	im->head.size = im->end;
}

static uint64_t sum(const struct image *im)
{
	const struct head *h = &im->head;
	const struct part *p;
	uint64_t s = cache_hash(h->clock, &h->memory_size,
				sizeof(*h) - offsetof(struct head, memory_size));

	s = cache_hash(s, im->part, h->nparts * sizeof(*p));
	for (p = im->part; p < im->part + h->nparts; p++)
		if (p->kind != PART_MEMORY)
			s = cache_hash(s, data(im, p), p->size);
	return s;
}

static int write_at(int fd, const void *data, size_t n, uint64_t offset)
{
	ssize_t r;

	for (; n; n -= r, offset += r, data = (char *)data + r) {
		r = pwrite(fd, data, n, offset);
		if (r <= 0)
			return r && errno ? -errno : -EIO;
	}
	return 0;
}

static int write_all(const struct image *im, int fd)
{
	const struct part *p;
	int r = write_at(fd, &im->head, sizeof(im->head), 0);

	if (!r)
		r = write_at(fd, im->part, im->head.nparts * sizeof(*p),
			     sizeof(im->head));
	for (p = im->part; p < im->part + im->head.nparts && !r; p++)
		r = write_at(fd, data(im, p), p->size, p->offset);
	return r;
}

int image_save(struct muslin *m, int fd)
{
	struct image *im;
	int r;

	if (!arena_in_place(m) || !m->arena.next || m->image_pages)
		return fail(m, -EBUSY, "only the first machine of a process, just booted, can be kept");
	im = calloc(1, sizeof(*im));
	if (!im)
		return fail(m, -ENOMEM, "out of memory");
	im->m = m;
	stack_drop(m);
	if (!identify(m, &im->head)) {
		free(im);
		return fail(m, -ENOTSUP, "this program has no build ID");
	}
	im->head.memory_size = m->memory_size;
	im->head.clock = clock_now(m);
	im->head.machine = *m;
	r = describe(im);
	if (!r) {
		place(im);
		im->head.sum = sum(im);
		r = write_all(im, fd);
	}
	free(im);
	return r ? fail(m, r, "cannot write the image: %s", strerror(-r)) : 0;
}

/* --- resuming --- */

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

/* Is it ours, and whole? */
static int read_head(struct image *im, int fd, uint64_t memory_size)
{
	struct head *h = &im->head, *want;
	struct stat st;
	int r = -ENOENT;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_mode & 022 ||
	    (st.st_uid != geteuid() && st.st_uid))
		return -ENOENT;
	want = calloc(1, sizeof(*want));
	if (!want)
		return -ENOMEM;
	if (identify(im->m, want) && !read_at(fd, h, sizeof(*h), 0) &&
	    !memcmp(h->magic, want->magic, sizeof(h->magic)) &&
	    !memcmp(h->build, want->build, sizeof(h->build)) &&
	    h->code == want->code && h->size == (uint64_t)st.st_size &&
	    h->memory_size == memory_size && h->nparts <= MAX_PARTS &&
	    !memcmp(h->cmdline, want->cmdline, sizeof(h->cmdline)))
		r = read_at(fd, im->part, h->nparts * sizeof(*im->part), sizeof(*h));
	free(want);
	return r;
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
			return -EADDRINUSE;
		}
	}
	return 0;
}

static int load_memory(struct muslin *m, int fd, const struct part *p)
{
	uint32_t page, end = (p->addr + p->size) / KERNEL_PAGE;

	if (p->addr + p->size > m->memory_size)
		return -ENOENT;
	if (mmap(m->memory + p->addr, p->size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, fd, p->offset) == MAP_FAILED)
		return -errno;
	for (page = p->addr / KERNEL_PAGE; page < end; page++)
		m->image_pages[page / 8] |= 1 << page % 8;
	return 0;
}

static int load(struct image *im, int fd)
{
	struct part *p;
	int r = 0;

	for (p = im->part; p < im->part + im->head.nparts && !r; p++) {
		void *to = (void *)p->addr;

		if (p->kind == PART_MEMORY)
			continue;
		if (p->kind == PART_SPACE &&
		    mprotect(to, p->size, PROT_READ | PROT_WRITE))
			r = -errno;
		if (p->kind == PART_STACK &&
		    mprotect((char *)p->base + NATIVE_GUARD + NATIVE_RESERVE,
			     NATIVE_STACK - NATIVE_RESERVE, PROT_READ | PROT_WRITE))
			r = -errno;
		if (!r)
			r = read_at(fd, to, p->size, p->offset);
	}
	if (!r && sum(im) != im->head.sum)
		r = -ENOENT;
	return r;
}

/* What files other than those of machine.h keep is this process's own. */
static void take(struct muslin *m, const struct muslin *saved)
{
	m->kernel = saved->kernel;
	m->page = saved->page;
	m->memory = saved->memory;
	m->memory_size = saved->memory_size;
	m->task = saved->task;
	m->tasks = saved->tasks;
	m->ntasks = saved->ntasks;
	m->stacks = saved->stacks;
	m->swapper_sp = saved->swapper_sp;
	m->mms = saved->mms;
	m->nmms = saved->nmms;
	m->timer_when = saved->timer_when;
	m->arena = saved->arena;
}

/* Its programs are part of this one, but what we know of them is not. */
static int load_modules(struct muslin *m)
{
	char error[MODULE_ERROR_SIZE];
	const struct module_builtin *b;
	int i, r;

	for (i = 0; i < m->nmms; i++) {
		struct mm *mm = m->mms[i];

		if (!mm || !mm->module)
			continue;
		for (b = muslin_builtin_modules; b->image && b->ops != mm->ops; b++)
			;
		r = module_load(m, "init", b->image,
				(char *)b->end - (char *)b->image, &mm->module, error);
		if (r)
			return r;
		mm->space->linux_imports.sc = mm->module->thunks;
	}
	return 0;
}

static int start(struct image *im, int fd)
{
	struct muslin *m = im->m;
	struct part *p;
	int r;

	m->image_pages = calloc(1, m->memory_size / KERNEL_PAGE / 8 + 1);
	if (!m->image_pages)
		return -ENOMEM;
	r = mm_resume(m);
	for (p = im->part; p < im->part + im->head.nparts && !r; p++)
		if (p->kind == PART_MEMORY)
			r = load_memory(m, fd, p);
	if (!r)
		r = load_modules(m);
	if (!r)
		clock_resume(m, im->head.clock);
	return r;
}

int image_resume(struct muslin *m, int fd, uint64_t memory_size)
{
	struct arena before = m->arena;
	struct image *im;
	int r;

	if (!arena_in_place(m))
		return -ENOENT;
	im = calloc(1, sizeof(*im));
	if (!im)
		return -ENOMEM;
	im->m = m;
	r = read_head(im, fd, memory_size);
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
		machine_reset(m);
		m->arena = before;
		memset(before.next, 0, im->part[0].size);
	}
out:
	free(im);
	return r;
}

/* --- a resumed machine --- */

int image_unshare(struct muslin *m, uint32_t pa, uint32_t len)
{
	uint32_t page, end = (pa + len) / KERNEL_PAGE;
	int r;

	for (page = pa / KERNEL_PAGE; m->image_pages && page < end; page++) {
		uint64_t at = (uint64_t)page * KERNEL_PAGE;

		if (!(m->image_pages[page / 8] >> page % 8 & 1))
			continue;
		r = write_at(m->memory_fd, m->memory + at, KERNEL_PAGE, at);
		if (r)
			return r;
		if (mmap(m->memory + at, KERNEL_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, m->memory_fd, at) == MAP_FAILED)
			return -errno;
		m->image_pages[page / 8] &= ~(1 << page % 8);
	}
	return 0;
}

void image_exit(struct muslin *m)
{
	free(m->image_pages);
	m->image_pages = NULL;
}
