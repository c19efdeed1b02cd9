/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "ctl.h"
#include "hostfs.h"
#include "image.h"
#include "kernel.h"
#include "machine.h"
#include "module.h"
#include "module-cache.h"
#include "stack.h"
#include "stream.h"

#define KERNEL_PAGE	65536u
#define FILE_ALIGN	4096u
#define MAX_PARTS	65536

static const char magic[16] = "muslin boot img2";

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
	uint32_t signal_frame;	/* the processor's registers in it */
	uint32_t used;		/* it is not just booted */
	char cpu[32];		/* that programs were compiled for */
	struct image_program program;
	char cmdline[2048];
	struct muslin machine;
};

/* Those with an address were there, and will be; others are what id tells. */
enum part_kind {
	PART_OBJECTS,		/* the arena, without the machine */
	PART_SPACE,		/* a reservation: its instance */
	PART_STACK,		/* a native stack: what is in use */
	PART_TASK,		/* what task id has on a stack when it is resident */
	PART_MM,		/* and address space id as its instance */
	PART_NAME,		/* of module id */
	PART_CODE,		/* its shared object, unless it is built in */
	PART_MODULE,		/* itself; addr is ops */
	PART_FILES,		/* of hostfs */
	PART_MEMORY,		/* a piece of physical memory; addr is there */
};

struct part {
	uint32_t kind;
	uint32_t id;
	uint64_t size;
	uint64_t addr;
	uint64_t base;		/* of the mapping that it is in */
	uint64_t offset;	/* in the file */
};

struct image {
	struct muslin *m;
	struct head head;
	struct part part[MAX_PARTS];
	const void *data[MAX_PARTS];	/* of the part, in this process */
	uint64_t end;		/* of the file so far */
	void *files;
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
	h->signal_frame = getauxval(AT_MINSIGSTKSZ);
	snprintf(h->cpu, sizeof(h->cpu), "%s", cpu_flags());
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

static int add_part(struct image *im, struct part p, const void *data)
{
	if (im->head.nparts == MAX_PARTS)
		return -E2BIG;
	im->part[im->head.nparts] = p;
	im->data[im->head.nparts++] = data;
	return 0;
}

/* What has to be where it is. */
static int add(struct image *im, enum part_kind kind, const void *base,
	       const void *addr, size_t size)
{
	return add_part(im, (struct part){
		kind, 0, size, (uintptr_t)addr, (uintptr_t)base, 0,
	}, addr);
}

static int add_copy(struct image *im, enum part_kind kind, uint32_t id,
		    const void *data, size_t size)
{
	return add_part(im, (struct part){ kind, id, size, 0, 0, 0 }, data);
}

static size_t used(const struct task *t)
{
	return stack_top(t->stack) - (uint8_t *)t->sp;
}

static int add_stack(struct image *im, const struct stack *s, const void *sp)
{
	return add(im, PART_STACK, s->base - NATIVE_GUARD, sp,
		   stack_top(s) - (const uint8_t *)sp);
}

/* A stack that several tasks have is added with the first. */
static bool is_first(const struct muslin *m, const struct task *t)
{
	int i;

	for (i = 0; i < t->id; i++)
		if (m->tasks[i] && m->tasks[i]->stack == t->stack)
			return false;
	return true;
}

static int add_task(struct image *im, const struct task *t)
{
	const struct task *r = t->stack->resident;
	int err = 0;

	if (t->stack->reserve_open)
		return fail(im->m, -EBUSY, "a program has used up its stack");
	if (t->elsewhere)
		return fail(im->m, -EBUSY, "a program was interrupted in the C library: try again");
	if (is_first(im->m, t))
		err = add_stack(im, t->stack, r ? r->sp : stack_top(t->stack));
	if (!err && t->saved)
		err = add_copy(im, PART_TASK, t->id, t->saved, used(t));
	return err;
}

static bool is_builtin(const struct module *mod)
{
	const struct module_builtin *b;

	for (b = muslin_builtin_modules; b->image; b++)
		if (b->ops == mod->ops)
			return true;
	return false;
}

static int add_space(struct image *im, const struct mm *mm)
{
	const struct space *s = mm->space;
	int i, r = 0;

	if (mm->saved)
		r = add_copy(im, PART_MM, mm->id, mm->saved, mm_instance_size(mm));
	if (!s)
		return r;
	for (i = 0; i < mm->id; i++)
		if (im->m->mms[i] && im->m->mms[i]->space == s)
			return r;
	return r ? r : add(im, PART_SPACE, s->base, s->base, MUSLIN_MEMORY_OFFSET);
}

static int add_module(struct image *im, const struct module *mod)
{
	struct part p = { PART_MODULE, mod->id, mod->size, (uintptr_t)mod->ops, 0, 0 };
	struct stat st;
	void *code;
	int r;

	if (is_builtin(mod)) {
		p.size = 0;
		return add_part(im, p, mod->image);
	}
	if (!mod->handle)
		return fail(im->m, -EBUSY, "%.100s: compiled by the quick tier, whose code cannot be kept",
			    mod->name);
	if (fstat(mod->fd, &st))
		return -errno;
	code = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, mod->fd, 0);
	if (code == MAP_FAILED)
		return -errno;
	r = add_copy(im, PART_CODE, mod->id, code, st.st_size);
	if (r) {
		munmap(code, st.st_size);
		return r;
	}
	r = add_copy(im, PART_NAME, mod->id, mod->name, strlen(mod->name) + 1);
	return r ? r : add_part(im, p, mod->image);
}

static int add_modules(struct image *im)
{
	const struct module *mod;
	int r = 0;

	for (mod = im->m->modules; mod && !r; mod = mod->next)
		if (mod->refs)
			r = add_module(im, mod);
	return r;
}

static int add_files(struct image *im)
{
	char path[160];
	size_t size;
	int r = hostfs_save(im->m->hostfs, &im->files, &size, path, sizeof(path));

	if (r == -ESTALE)
		return fail(im->m, r, "%s: removed or replaced, but a program has it open",
			    path);
	return r ? r : add_copy(im, PART_FILES, 0, im->files, size);
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
		r = add_part(im, (struct part){ PART_MEMORY, 0, to - from, from, 0, 0 },
			     im->m->memory + from);
	}
	return r;
}

static int describe(struct image *im)
{
	struct muslin *m = im->m;
	uint8_t *objects = (uint8_t *)(m + 1);
	int i, r;

	r = add(im, PART_OBJECTS, m, objects, m->arena.next - objects);
	for (i = 0; i < m->nmms && !r; i++)
		if (m->mms[i])
			r = add_space(im, m->mms[i]);
	for (i = 0; i < m->ntasks && !r; i++)
		if (m->tasks[i])
			r = add_task(im, m->tasks[i]);
	if (!r)
		r = add_stack(im, stack_swapper(m), m->swapper_sp);
	if (!r)
		r = add_modules(im);
	if (!r)
		r = add_files(im);
	return r ? r : add_memory(im);
}

static void forget(struct image *im)
{
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++)
		if (im->part[i].kind == PART_CODE)
			munmap((void *)im->data[i], im->part[i].size);
	free(im->files);
	free(im);
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
	uint64_t s = cache_hash(h->clock, &h->memory_size,
				sizeof(*h) - offsetof(struct head, memory_size));
	uint32_t i;

	s = cache_hash(s, im->part, h->nparts * sizeof(*im->part));
	for (i = 0; i < h->nparts; i++)
		if (im->part[i].kind != PART_MEMORY)
			s = cache_hash(s, im->data[i], im->part[i].size);
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
	int r = write_at(fd, &im->head, sizeof(im->head), 0);
	uint32_t i;

	if (!r)
		r = write_at(fd, im->part, im->head.nparts * sizeof(*im->part),
			     sizeof(im->head));
	for (i = 0; i < im->head.nparts && !r; i++)
		r = write_at(fd, im->data[i], im->part[i].size, im->part[i].offset);
	return r;
}

static int save(struct image *im, int fd)
{
	struct muslin *m = im->m;
	int r;

	if (!identify(m, &im->head))
		return fail(m, -ENOTSUP, "this program has no build ID");
	im->head.memory_size = m->memory_size;
	im->head.clock = clock_now(m);
	im->head.used = m->ctl->used;
	im->head.machine = *m;
	r = describe(im);
	if (r)
		return r;
	place(im);
	im->head.sum = sum(im);
	return write_all(im, fd);
}

int image_save(struct muslin *m, int fd, const struct image_program *program)
{
	struct image *im;
	int r;

	if (!arena_in_place(m) || !m->arena.next || m->image_pages)
		return fail(m, -EBUSY, "only the first machine of a process, just booted, can be kept");
	if (m->arena.full)
		return fail(m, -EBUSY, "it has run too many programs to be kept");
	im = calloc(1, sizeof(*im));
	if (!im)
		return fail(m, -ENOMEM, "out of memory");
	im->m = m;
	if (program)
		im->head.program = *program;
	stack_drop(m);
	r = save(im, fd);
	forget(im);
	if (r && !m->error[0])
		fail(m, r, "cannot write the image: %s", strerror(-r));
	return r;
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
	if (memcmp(h->magic, magic, sizeof(magic)))
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

/* Is it ours, and whole?  The machine that this one is to be, or any. */
static int read_head(struct image *im, int fd, uint64_t memory_size)
{
	struct head *h = &im->head, *want = calloc(1, sizeof(*want));
	const char *why = "no build ID, or a long command line";

	if (!want)
		return -ENOMEM;
	if (identify(im->m, want)) {
		if (read_at(fd, h, sizeof(*h), 0))
			memset(h, 0, sizeof(*h));
		why = check_file(h, fd);
		if (!why)
			why = check_head(h, want, fd);
	}
	if (!why && memory_size &&
	    (h->memory_size != memory_size || h->used ||
	     memcmp(h->cmdline, want->cmdline, sizeof(h->cmdline))))
		why = "of another machine";
	if (!why && read_at(fd, im->part, h->nparts * sizeof(*im->part), sizeof(*h)))
		why = "damaged";
	free(want);
	return why ? fail(im->m, -ENOENT, "%s", why) : 0;
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

	if (p->addr + p->size > m->memory_size)
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
		return to;
	case PART_SPACE:
		return mprotect(to, p->size, PROT_READ | PROT_WRITE) ? NULL : to;
	case PART_STACK:
		return mprotect((char *)p->base + NATIVE_GUARD + NATIVE_RESERVE,
				NATIVE_STACK - NATIVE_RESERVE,
				PROT_READ | PROT_WRITE) ? NULL : to;
	case PART_CODE:
		to = mmap(NULL, p->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return to == MAP_FAILED ? NULL : to;
	default:
		return malloc(p->size + 1);
	}
}

static int load(struct image *im, int fd)
{
	uint32_t i;
	int r;

	for (i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];
		void *to;

		if (p->kind == PART_MEMORY)
			continue;
		if (p->size > im->head.size)
			return fail(im->m, -ENOENT, "damaged");
		im->data[i] = to = make_place(p);
		if (!to)
			return fail(im->m, -ENOMEM, "out of memory");
		r = read_at(fd, to, p->size, p->offset);
		if (r)
			return fail(im->m, r, "damaged");
	}
	return sum(im) == im->head.sum ? 0 : fail(im->m, -ENOENT, "damaged");
}

/* What was read and is not in use. */
static void unload(struct image *im)
{
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++) {
		void *p = (void *)im->data[i];

		switch (im->part[i].kind) {
		case PART_CODE:
			if (p)
				munmap(p, im->part[i].size);
			break;
		case PART_TASK:
		case PART_MM:
		case PART_NAME:
		case PART_MODULE:
		case PART_FILES:
			free(p);
			break;
		}
		im->data[i] = NULL;
	}
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

/* The relatives that are not at home. */
static void load_saved(struct image *im)
{
	struct muslin *m = im->m;
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];

		if (p->kind == PART_TASK)
			m->tasks[p->id]->saved = (void *)im->data[i];
		else if (p->kind == PART_MM)
			m->mms[p->id]->saved = (void *)im->data[i];
		else
			continue;
		im->data[i] = NULL;
	}
}

static const struct module_builtin *find_builtin(const void *ops)
{
	const struct module_builtin *b;

	for (b = muslin_builtin_modules; b->image && b->ops != ops; b++)
		;
	return b;
}

/* p is of a PART_MODULE; name and code, if there are any, are before it. */
static int load_module(struct image *im, uint32_t i)
{
	const struct part *p = &im->part[i];
	const void *ops = (void *)p->addr;
	char error[MODULE_ERROR_SIZE];
	struct muslin *m = im->m;
	struct module *mod;
	int j, r;

	if (p->size) {
		r = module_resume(m, p->id, im->data[i - 1], im->data[i], p->size,
				  im->data[i - 2], p[-2].size, ops, &mod, error);
	} else {
		const struct module_builtin *b = find_builtin(ops);

		r = module_resume(m, p->id, "init", b->image,
				  (char *)b->end - (char *)b->image, NULL, 0, ops,
				  &mod, error);
	}
	if (r)
		return fail(m, r, "%s", error);
	for (j = 0; j < m->nmms; j++) {
		struct mm *mm = m->mms[j];

		if (!mm || !mm->module || mm->ops != ops)
			continue;
		mm->module = module_get(mod);
		mm->space->linux_imports.sc = mod->thunks;
	}
	module_put(mod);
	return 0;
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

	m->image_pages = calloc(1, m->memory_size / KERNEL_PAGE / 8 + 1);
	if (!m->image_pages)
		return -ENOMEM;
	r = mm_resume(m);
	for (i = 0; i < im->head.nparts && !r; i++) {
		switch (im->part[i].kind) {
		case PART_MEMORY:
			r = load_memory(m, fd, &im->part[i]);
			break;
		case PART_MODULE:
			r = load_module(im, i);
			break;
		case PART_FILES:
			r = load_files(im, i);
		}
	}
	if (r)
		return r;
	load_saved(im);
	m->module_id = im->head.machine.module_id;
	clock_resume(m, im->head.clock);
	return 0;
}

int image_resume(struct muslin *m, int fd, uint64_t memory_size,
		 struct image_program *program)
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
	r = read_head(im, fd, memory_size);
	if (im->head.used && program)
		*program = im->head.program;
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
		module_exit(m);
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
