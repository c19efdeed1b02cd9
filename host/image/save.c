/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/ctl.h"
#include "hostfs/hostfs.h"
#include "image/impl.h"
#include "machine/clock.h"
#include "machine/kernel.h"
#include "core/memory-file.h"
#include "loader/module.h"
#include "machine/link.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/task.h"

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

static int add_task(struct image *im, const struct task *t)
{
	const struct stack *s = t->stack;
	const uint8_t *base = s->base - NATIVE_GUARD, *sp = t->sp, *user = stack_user_sp(t);
	int err;

	if (s->kept && im->m->bring_stack(im->m, t->stack))
		return -ENOMEM;
	if (s->reserve_open)
		return fail(im->m, -EBUSY, "a program has used up its stack");
	if (t->elsewhere)
		return fail(im->m, -EAGAIN, "a program was interrupted in the C library: try again");
	err = add(im, PART_STACK, base, sp, stack_kernel_top(s) - sp);
	return err ? err : add(im, PART_USER, base, user, stack_end(s) - user);
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

	int r;

	if (!s)
		return 0;
	r = add(im, PART_SPACE, s->base, s->base, MUSLIN_MEMORY_OFFSET);
	return r || !s->words ? r :
		add(im, PART_WORDS, s->base, s->base + MM_PROGRAM, link_words(mm));
}

static int add_shared_object(struct image *im, const struct module *mod)
{
	struct stat st;
	void *code;
	int r;

	if (fstat(mod->fd, &st))
		return -errno;
	code = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, mod->fd, 0);
	if (code == MAP_FAILED)
		return -errno;
	r = add_copy(im, PART_CODE, mod->id, code, st.st_size);
	if (r)
		munmap(code, st.st_size);
	return r;
}

static int add_code(struct image *im, const struct module *mod)
{
	const struct quick_code *q = &mod->quick;

	if (mod->handle)
		return add_shared_object(im, mod);
	return add_part(im, (struct part){
		PART_QUICK, mod->id, q->size, (uintptr_t)q->p, (uintptr_t)q->functions, 0,
	}, q->p);
}

static int add_module(struct image *im, const struct module *mod)
{
	struct part p = {
		mod->library ? PART_LIBRARY : PART_MODULE, mod->id, mod->size,
		(uintptr_t)mod->ops, mod->library ? mod->place : 0, 0,
	};
	int r;

	if (is_builtin(mod)) {
		p.size = 0;
		return add_part(im, p, mod->image);
	}
	r = add_code(im, mod);
	if (!r)
		r = add_copy(im, PART_NAME, mod->id, mod->name, strlen(mod->name) + 1);
	return r ? r : add_part(im, p, mod->image);
}

static int add_modules(struct image *im)
{
	const struct module *mod;
	int r = 0;

	for (mod = im->m->loader.modules; mod && !r; mod = mod->next)
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
	if (r == -EMEDIUMTYPE)
		return fail(im->m, -EBUSY, "a machine with a layer of changes cannot be kept");
	return r ? r : add_copy(im, PART_FILES, 0, im->files, size);
}

/* Memory that nobody touched, or that the kernel has given back, is a hole. */
static int find_pages(const struct muslin *m, uint8_t *pages)
{
	off_t end = m->memory_size, from, to = 0;

	if (m->image_pages)
		memcpy(pages, m->image_pages, page_bytes(m));
	while ((from = lseek(m->memory_fd, to, SEEK_DATA)) >= 0 && from < end) {
		to = lseek(m->memory_fd, from, SEEK_HOLE);
		if (to < 0)
			return -errno;
		for (off_t page = from / KERNEL_PAGE; page * KERNEL_PAGE < to; page++)
			pages[page / 8] |= 1 << page % 8;
	}
	return 0;
}

/* Of what it came from the machine has holes, too, in which there is nothing. */
static bool is_there(const struct muslin *m, const uint8_t *pages, uint32_t page)
{
	static const uint8_t zero[KERNEL_PAGE];

	if (!(pages[page / 8] >> page % 8 & 1))
		return false;
	return !m->image_pages || !(m->image_pages[page / 8] >> page % 8 & 1) ||
		memcmp(m->memory + (uint64_t)page * KERNEL_PAGE, zero, KERNEL_PAGE);
}

static int add_memory(struct image *im)
{
	const struct muslin *m = im->m;
	uint32_t npages = m->memory_size / KERNEL_PAGE, page = 0, first;
	uint8_t *pages = calloc(1, page_bytes(m));
	int r = pages ? find_pages(m, pages) : -ENOMEM;

	while (!r && page < npages) {
		first = page;
		while (page < npages && is_there(m, pages, page))
			page++;
		if (page == first) {
			page++;
			continue;
		}
		r = add_part(im, (struct part){
			PART_MEMORY, 0, (uint64_t)(page - first) * KERNEL_PAGE,
			(uint64_t)first * KERNEL_PAGE, 0, 0,
		}, m->memory + (uint64_t)first * KERNEL_PAGE);
	}
	free(pages);
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

	uint64_t end = sizeof(im->head) + im->head.nparts * sizeof(*p);

	for (p = im->part; p < im->part + im->head.nparts; p++) {
		p->offset = p == im->part ? end : part_place(p, end);
		end = p->offset + p->size;
		if (p->kind == PART_MEMORY)
			im->head.memory_bytes += p->size;
	}
	im->head.size = end;
}

static int write_image(const struct image *im, int fd)
{
	int r = write_all(fd, &im->head, sizeof(im->head), 0);
	uint32_t i;

	if (!r)
		r = write_all(fd, im->part, im->head.nparts * sizeof(*im->part),
			     sizeof(im->head));
	for (i = 0; i < im->head.nparts && !r; i++)
		r = write_all(fd, im->data[i], im->part[i].size, im->part[i].offset);
	return r;
}

static int save(struct image *im, int fd, bool sign)
{
	struct muslin *m = im->m;
	char error[256];
	int r = 0;

	if (sign)
		r = cache_secret(true, im->secret, error, sizeof(error));
	if (r)
		return fail(m, r, "an image needs a cache: %s", error);
	if (!image_identify(m, &im->head))
		return fail(m, -ENOTSUP, "this program has no build ID");
	im->head.memory_size = m->memory_size;
	im->head.clock = clock_now(m);
	im->head.used = m->ctl->used;
	im->head.machine = *m;
	r = describe(im);
	if (r)
		return r;
	place(im);
	if (sign) {
		image_sum(im, im->head.sum);
		image_sum_table(im, im->head.table);
	}
	return write_image(im, fd);
}

int image_save(struct muslin *m, int fd, const struct kept_program *programs, size_t n,
	       bool sign)
{
	struct image *im;
	int r;

	if (!arena_in_place(m) || !m->arena.next)
		return fail(m, -EBUSY, "only the first machine of a process, if it was made to be kept, can be kept");
	if (m->arena.full)
		return fail(m, -EBUSY, "it has run too many programs to be kept");
	im = calloc(1, sizeof(*im));
	if (!im)
		return fail(m, -ENOMEM, "out of memory");
	im->m = m;
	if (n)
		memcpy(im->head.programs, programs, n * sizeof(*programs));
	stack_drop(m);
	space_drop(m);
	r = save(im, fd, sign);
	forget(im);
	if (r && !m->error[0])
		fail(m, r, "cannot write the image: %s", strerror(-r));
	return r;
}
