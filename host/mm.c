/* SPDX-License-Identifier: MIT */
/* Address spaces: reservations into which pages of physical memory are mapped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image.h"
#include "kernel.h"
#include "machine.h"
#include "module.h"

static uint8_t *reserve(struct muslin *m)
{
	uint8_t *p = arena_map(m, MM_RESERVED);

	if (!p)
		return NULL;
	if (mprotect(p, MUSLIN_MEMORY_OFFSET, PROT_READ | PROT_WRITE)) {
		munmap(p, MM_RESERVED);
		return NULL;
	}
	return p;
}

static int mm_slot(struct muslin *m)
{
	struct mm **mms;
	int i, n;

	for (i = 1; i < m->nmms; i++)
		if (!m->mms[i])
			return i;
	n = m->nmms ? m->nmms * 2 : 16;
	mms = arena_grow(m, m->mms, m->nmms * sizeof(*mms), n * sizeof(*mms));
	if (!mms)
		return -ENOMEM;
	m->mms = mms;
	m->nmms = n;
	return i;
}

struct mm *mm_get(struct muslin *m, uint32_t id)
{
	if (id >= (uint32_t)m->nmms || !m->mms[id])
		machine_halt(m, HALTED + HOST_PANIC);
	return m->mms[id];
}

u32 w2c_host_mm_create(struct w2c_host *h)
{
	struct muslin *m = machine(h);
	int id = mm_slot(m);
	struct mm *mm;

	if (id < 0)
		return id;
	mm = arena_alloc(m, sizeof(*mm));
	if (!mm)
		return -ENOMEM;
	mm->id = id;
	m->mms[id] = mm;
	return id;
}

int mm_make_space(struct muslin *m, struct mm *mm)
{
	struct space *s;

	if (mm->space)
		return 0;
	s = arena_alloc(m, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base = reserve(m);
	if (!s->base) {
		arena_free(m, s);
		return -ENOMEM;
	}
	s->refs = 1;
	s->resident = mm;
	mm->space = s;
	return 0;
}

/* The instance's parts: the module's own, and its head. */
size_t mm_instance_size(const struct mm *mm)
{
	return mm->ops->instance_size + sizeof(struct muslin_head);
}

static void instance_save(const struct mm *mm, uint8_t *to)
{
	size_t n = mm->ops->instance_size;

	memcpy(to, mm->space->base, n);
	memcpy(to + n, muslin_head(mm->space->base), sizeof(struct muslin_head));
}

static void instance_load(const struct mm *mm, const uint8_t *from)
{
	size_t n = mm->ops->instance_size;

	memcpy(mm->space->base, from, n);
	memcpy(muslin_head(mm->space->base), from + n, sizeof(struct muslin_head));
}

void mm_make_resident(struct mm *mm)
{
	struct space *s = mm->space;
	uint8_t *from = mm->saved;

	if (s->resident == mm)
		return;
	if (s->resident) {
		/* one buffer is enough for those who change places */
		uint8_t old[mm_instance_size(mm)];

		instance_save(s->resident, old);
		instance_load(mm, from);
		memcpy(from, old, sizeof(old));
		s->resident->saved = from;
	} else {
		instance_load(mm, from);
		free(from);
	}
	mm->saved = NULL;
	s->resident = mm;
}

u32 w2c_host_mm_fork(struct w2c_host *h, u32 id, u32 parent)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id), *p = mm_get(m, parent);

	if (mm->space || !p->module)
		return -EINVAL;
	mm_make_resident(p);
	mm->saved = malloc(mm_instance_size(p));
	if (!mm->saved)
		return -ENOMEM;
	instance_save(p, mm->saved);
	mm->space = p->space;
	mm->space->refs++;
	mm->module = module_get(p->module);
	mm->ops = p->ops;
	return 0;
}

static void space_put(struct muslin *m, struct mm *mm)
{
	struct space *s = mm->space;

	if (s->resident == mm)
		s->resident = NULL;
	if (--s->refs)
		return;
	if (s->set_up)
		mm->ops->teardown(s->base);
	munmap(s->base, MM_RESERVED);
	arena_free(m, s);
}

static void mm_delete(struct muslin *m, struct mm *mm)
{
	/* the last one's instance is torn down, not what was there before */
	if (mm->space && mm->space->refs == 1 && mm->saved)
		mm_make_resident(mm);
	if (mm->space)
		space_put(m, mm);
	if (mm->module)
		module_put(mm->module);
	m->mms[mm->id] = NULL;
	free(mm->saved);
	arena_free(m, mm);
}

void w2c_host_mm_destroy(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	int i;

	/* a task whose program was replaced has forgotten it by now, or will
	 * be told by HOST_USER_EXEC; its stack pointer is of no use to anyone */
	for (i = 0; i < m->ntasks; i++)
		if (m->tasks[i] && m->tasks[i]->mm == mm)
			m->tasks[i]->mm = NULL;
	mm_delete(m, mm);
}

/* The kernel's own space has its physical memory at the bottom, for ever. */
static bool range_ok(struct muslin *m, struct mm *mm, u32 va, u32 len)
{
	return (uint64_t)va + len <= USER_SPACE && (mm->id || va >= m->memory_size);
}

u32 w2c_host_mm_map(struct w2c_host *h, u32 id, u32 va, u32 pa, u32 len, u32 prot)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);

	if (!range_ok(m, mm, va, len) || pa < MEMORY_START ||
	    (uint64_t)pa + len > m->memory_size)
		machine_halt(m, HALTED + HOST_PANIC);
	if (mm_make_space(m, mm))
		return -ENOMEM;
	m->thawed = true;	/* the kernel believes that an image has this, too */
	if (m->image_pages) {
		int r = image_unshare(m, pa, len);

		if (r)
			return r;
	}
	if (mmap(mm_memory(mm) + va, len, prot & (PROT_READ | PROT_WRITE),
		 MAP_SHARED | MAP_FIXED, m->memory_fd, pa) == MAP_FAILED)
		return -errno;
	return 0;
}

u32 w2c_host_mm_unmap(struct w2c_host *h, u32 id, u32 va, u32 len)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);

	if (!range_ok(m, mm, va, len))
		machine_halt(m, HALTED + HOST_PANIC);
	if (!mm->space)
		return 0;
	if (mmap(mm_memory(mm) + va, len, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		 -1, 0) == MAP_FAILED)
		return -errno;
	return 0;
}

int mm_resume(struct muslin *m)
{
	m->memory_fd = memfd_create("muslin", MFD_CLOEXEC);
	if (m->memory_fd < 0)
		return -errno;
	if (ftruncate(m->memory_fd, m->memory_size))
		return -errno;
	if (mmap(m->memory + MEMORY_START, m->memory_size - MEMORY_START,
		 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->memory_fd,
		 MEMORY_START) == MAP_FAILED)
		return -errno;
	return 0;
}

/* Reserves the kernel's space and maps physical memory at its bottom. */
int mm_init(struct muslin *m)
{
	struct mm *mm;

	if (mm_slot(m) < 0)
		return -ENOMEM;
	mm = arena_alloc(m, sizeof(*mm));
	if (!mm)
		return -ENOMEM;
	m->mms[0] = mm;
	if (mm_make_space(m, mm))
		return -ENOMEM;
	m->memory = mm_memory(mm);
	m->kernel = (struct w2c_vmlinux *)mm->space->base;
	return mm_resume(m);
}

/* The kernel keeps nothing there. */
void w2c_host_memory_free(struct w2c_host *h, u32 pa, u32 len)
{
	struct muslin *m = machine(h);

	if ((uint64_t)pa + len > m->memory_size)
		machine_halt(m, HALTED + HOST_PANIC);
	if (!m->image_pages)
		fallocate(m->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  pa, len);
}

void mm_exit(struct muslin *m)
{
	int i;

	for (i = m->nmms - 1; i >= 0; i--)
		if (m->mms[i])
			mm_delete(m, m->mms[i]);
	arena_free(m, m->mms);
	m->mms = NULL;
	m->nmms = 0;
	if (m->memory_fd >= 0)
		close(m->memory_fd);
	m->memory_fd = -1;
}
