/* SPDX-License-Identifier: MIT */
/* Address spaces, by their ids; and physical memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host_page.h"
#include "loader/module.h"
#include "machine/kernel.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/task.h"
#include "machine/user.h"
#include "machine/x86_64/this-vcpu.h"

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
	if (!id || id >= (uint32_t)m->nmms || !m->mms[id])
		machine_refuse(m, "passed address space %u, which is no program's", id);
	return m->mms[id];
}

struct mm *mm_program(struct muslin *m, uint32_t id)
{
	struct mm *mm = mm_get(m, id);

	if (!mm->space || !mm->space->family)
		machine_refuse(m, "passed address space %u, in which there is no program", id);
	return mm;
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
	if (!mm->space)
		mm->space = space_new(m);
	return mm->space ? 0 : -ENOMEM;
}

static void introduce(struct muslin *m, struct mm *mm)
{
	struct muslin_head *head = muslin_head(mm->space->base);

	mm->space->linux_imports = (struct w2c_linux) {
		.sc = mm->module->thunks,
		.machine = m,
	};
	*head = (struct muslin_head) {
		.linux_imports = &mm->space->linux_imports,
		.rt = &user_rt,
		.machine = m,
		.memory.pages = USER_SPACE >> 16,
	};
}

int mm_set_up(struct muslin *m, struct mm *mm)
{
	struct space *s = mm->space;
	int err;

	s->family = arena_alloc(m, sizeof(*s->family));
	if (!s->family)
		return -ENOMEM;
	*s->family = (struct family) { .id = ++m->families, .refs = 1 };
	introduce(m, mm);
	err = mm->ops->setup(s->base, &s->linux_imports);
	if (!err) {
		link_set_up(mm);
		return 0;
	}
	arena_free(m, s->family);
	s->family = NULL;
	return err;
}

u32 w2c_host_mm_fork(struct w2c_host *h, u32 id, u32 parent)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id), *p = mm_program(m, parent);

	if (mm->space)
		machine_refuse(m, "forked address space %u, which is in use", id);
	/* another's words may be in that of a program that does not run */
	if (p != this_task()->mm)
		machine_refuse(m, "forked address space %u, which does not run", parent);
	if (mm_make_space(m, mm) || link_fork(m, mm, p))
		return -ENOMEM;
	mm->module = module_get(p->module);
	mm->ops = p->ops;
	introduce(m, mm);
	mm->ops->fork(mm->space->base, p->space->base, &mm->space->linux_imports);
	mm->space->family = p->space->family;
	mm->space->family->refs++;
	return 0;
}

static void leave_space(struct muslin *m, struct mm *mm)
{
	struct space *s = mm->space;

	link_exit(m, mm);
	if (s->family && !--s->family->refs) {
		mm->ops->teardown(s->base);
		arena_free(m, s->family);
	}
	s->family = NULL;
	space_put(m, s);
}

static void mm_delete(struct muslin *m, struct mm *mm)
{
	if (mm->space)
		leave_space(m, mm);
	if (mm->module)
		module_put(mm->module);
	if (!mm->gone)
		m->mms[mm->id] = NULL;
	arena_free(m, mm);
}

void mm_enter(struct task *t, struct mm *mm)
{
	t->mm = mm;
	mm->tasks++;
}

void mm_leave(struct muslin *m, struct task *t)
{
	struct mm *mm = t->mm;

	t->mm = NULL;
	if (!--mm->tasks && mm->gone)
		mm_delete(m, mm);
}

/*
 * Another vCPU may run what this one has seen: as long as a task is left, its program is,
 * with nothing in its memory.
 */
static void mm_abandon(struct muslin *m, struct mm *mm)
{
	if (mm->space)
		space_empty(m, mm->space);
	mm->gone = true;
	m->mms[mm->id] = NULL;
	for (int i = 0; i < m->cpus; i++)
		m->vcpus[i].look = true;
}

void w2c_host_mm_destroy(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	int i;

	if (m->cpus > 1 && mm->tasks) {
		mm_abandon(m, mm);
		return;
	}
	/* a task whose program was replaced has forgotten it by now, or will
	 * be told by HOST_USER_EXEC; its stack pointer is of no use to anyone */
	for (i = 0; i < m->ntasks; i++)
		if (m->tasks[i] && m->tasks[i]->mm == mm) {
			m->tasks[i]->mm = NULL;
			mm->tasks--;
		}
	for (i = 0; i < VCPUS; i++)
		if (m->vcpus[i].task)
			m->vcpus[i].look = task_look(m->vcpus[i].task);
	mm_delete(m, mm);
}

bool mm_kernel_has(const struct muslin *m, uint32_t addr, uint32_t n)
{
	uint64_t page = addr / MM_PAGE, last = ((uint64_t)addr + n - 1) / MM_PAGE;

	for (; page <= last; page++)
		if (!space_has(m->mms[0]->space, page))
			return false;
	return true;
}

static struct mm *mm_any(struct muslin *m, uint32_t id)
{
	return id ? mm_get(m, id) : m->mms[0];
}

static void check_range(struct muslin *m, const struct mm *mm, u32 va, u32 len)
{
	if (!len || va % MM_PAGE || len % MM_PAGE || (uint64_t)va + len > USER_SPACE)
		machine_refuse(m, "passed a wild range of space %d, %#x, of %u bytes",
			       mm->id, va, len);
	/* the kernel's own has its physical memory at the bottom, for ever */
	if (!mm->id && va < MM_VMALLOC)
		machine_refuse(m, "passed a range of physical memory to map, %#x", va);
}

static int unmap(struct muslin *m, struct mm *mm, u32 va, u32 len)
{
	uint64_t first = va / MM_PAGE, end = ((uint64_t)va + len) / MM_PAGE;
	int r = space_unmap(m, mm->space, first, end);

	/* the kernel's pages are its own, whether it has them twice or not */
	return r && mm->id ? space_unmap_all(m, mm->space, first, end) : r;
}

u32 w2c_host_mm_map(struct w2c_host *h, u32 id, u32 va, u32 pa, u32 len, u32 prot)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_any(m, id);
	int r;

	check_range(m, mm, va, len);
	if (pa % MM_PAGE || pa < m->memory_lowest || (uint64_t)pa + len > m->memory_size)
		machine_refuse(m, "passed wild memory to map, %#x, of %u bytes", pa, len);
	if (!prot || prot & ~SPACE_PROT || (!id && prot != SPACE_PROT))
		machine_refuse(m, "passed a wild protection, %#x", prot);
	if (mm_make_space(m, mm))
		return -ENOMEM;
	r = space_map(m, mm->space, va / MM_PAGE, pa, len, prot, this_task()->in_fault);
	/* nor may there be what was there before */
	if (r && unmap(m, mm, va, len))
		r = -ENOMEM;
	return r;
}

u32 w2c_host_mm_unmap(struct w2c_host *h, u32 id, u32 va, u32 len)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_any(m, id);

	check_range(m, mm, va, len);
	return mm->space ? unmap(m, mm, va, len) : 0;
}

int mm_resume(struct muslin *m)
{
	int i;

	for (i = 0; i < m->nmms; i++)
		if (m->mms[i] && m->mms[i]->space)
			space_forget(m->mms[i]->space);
	m->memory_lowest = MEMORY_START;
	m->memory_fd = memfd_create("muslin", MFD_CLOEXEC);
	if (m->memory_fd < 0)
		return -errno;
	if (ftruncate(m->memory_fd, m->memory_size))
		return errno == EFBIG ?
			fail(m, -EFBIG, "no file may be as large as its memory here (ulimit -f)") :
			-errno;
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

/* Signal handlers use a vCPU's page of shared words, and cannot wait for another. */
static bool has_page(const struct muslin *m, u32 pa, u32 len)
{
	for (int i = 0; i < VCPUS; i++) {
		uint64_t page = (uint8_t *)m->vcpus[i].page - m->memory;

		if (page + sizeof(struct host_page) > pa && page < (uint64_t)pa + len)
			return true;
	}
	return false;
}

/* The kernel keeps nothing there. */
void w2c_host_memory_free(struct w2c_host *h, u32 pa, u32 len)
{
	struct muslin *m = machine(h);

	if (pa % MM_PAGE || len % MM_PAGE || (uint64_t)pa + len > m->memory_size ||
	    has_page(m, pa, len))
		machine_refuse(m, "passed wild memory to free, %#x, of %u bytes", pa, len);
	fallocate(m->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pa, len);
	if (m->image_pages)
		space_disown(m, pa, len);
}

void mm_exit(struct muslin *m)
{
	int i;

	for (i = m->nmms - 1; i >= 0; i--)
		if (m->mms[i])
			mm_delete(m, m->mms[i]);
	space_drop(m);
	arena_free(m, m->mms);
	m->mms = NULL;
	m->nmms = 0;
	if (m->memory_fd >= 0)
		close(m->memory_fd);
	m->memory_fd = -1;
}
