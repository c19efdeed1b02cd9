/* SPDX-License-Identifier: MIT */
/* Address spaces: reservations into which pages of physical memory are mapped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host_page.h"
#include "machine/kernel.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/task.h"
#include "machine/user.h"
#include "machine/x86_64/this-vcpu.h"
#include "loader/module.h"
#include "core/memory-file.h"
#include "core/share.h"

/*
 * --- what is mapped ---
 *
 * A word for each page: that of physical memory, and its protection; 0: none.
 * The host merges what is contiguous; each place where it cannot costs the
 * process one of its mappings, of which other machines need some.
 */

#define PAGES (USER_SPACE / MM_PAGE)
#define PROT_MASK (PROT_READ | PROT_WRITE)
#define NEXT_PAGE (PROT_MASK + 1)

static uint32_t page_of(const struct space *s, uint64_t page)
{
	const uint32_t *chunk = page < PAGES ? s->pages[page / MM_CHUNK] : NULL;

	return chunk ? chunk[page % MM_CHUNK] : 0;
}

static bool is_break(uint32_t a, uint32_t b)
{
	return (a | b) && b != a + NEXT_PAGE;
}

struct change {
	uint64_t first, end;	/* pages */
	uint32_t to;		/* what the first becomes; 0: unmapped */
};

static uint32_t changed(const struct space *s, const struct change *c, uint64_t page)
{
	if (page < c->first || page >= c->end)
		return page_of(s, page);
	return c->to ? c->to + (page - c->first) * NEXT_PAGE : 0;
}

/* How many mappings more, or fewer, it makes of them. */
static int64_t added(const struct space *s, const struct change *c)
{
	uint64_t page = c->first ? c->first - 1 : 0;
	int64_t n = 0;

	for (; page < c->end; page++) {
		/* in most of a space there was never anything */
		if (!c->to && !s->pages[page / MM_CHUNK])
			page |= MM_CHUNK - 1;
		if (page >= c->end)
			break;
		n += is_break(changed(s, c, page), changed(s, c, page + 1)) -
			is_break(page_of(s, page), page_of(s, page + 1));
	}
	return n;
}

/* Room for what the change says. */
static int make_chunks(struct space *s, const struct change *c)
{
	uint64_t i;

	for (i = c->first / MM_CHUNK; i * MM_CHUNK < c->end; i++) {
		if (!s->pages[i])
			s->pages[i] = calloc(MM_CHUNK, sizeof(*s->pages[i]));
		if (!s->pages[i])
			return -ENOMEM;
	}
	return 0;
}

static void apply(struct muslin *m, struct space *s, const struct change *c)
{
	int64_t n = added(s, c);
	uint64_t page;

	s->breaks += n;
	if (n < 0)
		share_give(&share_mappings, &m->mappings, -n);
	for (page = c->first; page < c->end; page++) {
		uint32_t *chunk = s->pages[page / MM_CHUNK];

		if (chunk)
			chunk[page % MM_CHUNK] = changed(s, c, page);
		else
			page |= MM_CHUNK - 1;
	}
}

/* Takes from the machine's share what the change needs. */
static int take_share(struct muslin *m, const struct space *s, const struct change *c)
{
	int64_t n = added(s, c);

	return n <= 0 || share_take(&share_mappings, &m->mappings, n) ? 0 : -ENOMEM;
}

static bool nothing_else(const struct space *s, const struct change *c)
{
	uint64_t page;

	for (page = 0; page < PAGES; page++)
		if ((page < c->first || page >= c->end) && page_of(s, page))
			return false;
	return true;
}

static void forget_pages(struct muslin *m, struct space *s)
{
	size_t i;

	share_give(&share_mappings, &m->mappings, s->breaks);
	s->breaks = 0;
	for (i = 0; i < PAGES / MM_CHUNK; i++) {
		free(s->pages[i]);
		s->pages[i] = NULL;
	}
}

/* The mappings of a space in which nothing is mapped, and of what is beside it. */
#define SPACE_MAPPINGS 3

static uint8_t *reserve(struct muslin *m)
{
	uint8_t *p;

	if (!share_take(&share_mappings, &m->mappings, SPACE_MAPPINGS))
		return NULL;
	p = arena_map(m, MM_RESERVED);
	if (p && !mprotect(p, MUSLIN_MEMORY_OFFSET, PROT_READ | PROT_WRITE))
		return p;
	if (p)
		munmap(p, MM_RESERVED);
	share_give(&share_mappings, &m->mappings, SPACE_MAPPINGS);
	return NULL;
}

static bool reserve_again(uint8_t *p, size_t size)
{
	return mmap(p, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		    -1, 0) != MAP_FAILED;
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

static struct space *space_new(struct muslin *m)
{
	struct space *s = m->spaces;

	if (s) {
		m->spaces = s->next;
		m->nspaces--;
		return s;
	}
	s = arena_alloc(m, sizeof(*s));
	if (!s)
		return NULL;
	s->base = reserve(m);
	if (s->base)
		return s;
	arena_free(m, s);
	return NULL;
}

static void space_delete(struct muslin *m, struct space *s)
{
	munmap(s->base, MM_RESERVED);
	share_give(&share_mappings, &m->mappings, SPACE_MAPPINGS);
	arena_free(m, s);
}

void mm_drop(struct muslin *m)
{
	struct space *s;

	while ((s = m->spaces)) {
		m->spaces = s->next;
		m->nspaces--;
		space_delete(m, s);
	}
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

/* A program's, of which an image does not keep those that nobody uses. */
#define SPACES_MAX 64

static void space_put(struct muslin *m, struct mm *mm)
{
	struct space *s = mm->space;
	size_t size = MM_RESERVED - MUSLIN_MEMORY_OFFSET;

	link_exit(m, mm);
	if (s->family && !--s->family->refs) {
		mm->ops->teardown(s->base);
		arena_free(m, s->family);
	}
	s->family = NULL;
	forget_pages(m, s);
	if (m->nspaces == SPACES_MAX || !reserve_again(mm_memory(mm), size)) {
		space_delete(m, s);
		return;
	}
	s->fault_end = s->fault_run = 0;
	s->next = m->spaces;
	m->spaces = s;
	m->nspaces++;
}

static void mm_delete(struct muslin *m, struct mm *mm)
{
	if (mm->space)
		space_put(m, mm);
	if (mm->module)
		module_put(mm->module);
	m->mms[mm->id] = NULL;
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
	for (i = 0; i < VCPUS; i++)
		if (m->vcpus[i].task)
			m->vcpus[i].look = task_look(m->vcpus[i].task);
	mm_delete(m, mm);
}

bool mm_kernel_has(const struct muslin *m, uint32_t addr, uint32_t n)
{
	uint64_t page = addr / MM_PAGE, last = ((uint64_t)addr + n - 1) / MM_PAGE;

	for (; page <= last; page++)
		if (!page_of(m->mms[0]->space, page))
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

/*
 * The host has no room for what would be left of a mapping.  But no page may
 * stay mapped that the kernel will give to others: all go, which takes no room.
 */
static int unmap_all(struct muslin *m, struct mm *mm, const struct change *c)
{
	size_t size = MM_PROGRAM - MUSLIN_MEMORY_OFFSET;
	int r = nothing_else(mm->space, c) ? 0 : -ENOMEM;

	if (!reserve_again(mm_memory(mm), size) &&
	    mprotect(mm_memory(mm), size, PROT_NONE)) {
		fail(m, -ENOMEM, "the host cannot unmap memory");
		machine_halt(m, HALTED + HOST_PANIC);
	}
	forget_pages(m, mm->space);
	return r;
}

static int unmap(struct muslin *m, struct mm *mm, struct change c)
{
	size_t size = (c.end - c.first) * MM_PAGE;

	c.to = 0;
	if (!take_share(m, mm->space, &c) &&
	    reserve_again(mm_memory(mm) + c.first * MM_PAGE, size)) {
		apply(m, mm->space, &c);
		return 0;
	}
	/* the kernel's pages are its own, whether it has them twice or not */
	return mm->id ? unmap_all(m, mm, &c) : -ENOMEM;
}

/*
 * What a fault is about is touched at once; a program that goes through memory touches
 * all of each run of pages.  Then one call of the host is cheaper than a fault for each
 * of its own pages.  It is not where little of a run is used, as where few runs beside
 * one another are.
 */
#define GOES_THROUGH 3

static bool is_used_whole(struct space *s, const struct change *c)
{
	if (!this_task()->in_fault)
		return false;
	s->fault_run = c->first == s->fault_end ? s->fault_run + 1 : 1;
	s->fault_end = c->end;
	return c->end - c->first == 1 || s->fault_run > GOES_THROUGH;
}

/*
 * Pages of physical memory that are this machine's alone, since they are still
 * the image's: called before a program gets to see one.  0 or -errno.
 */
static int unshare(struct muslin *m, uint32_t pa, uint32_t len)
{
	uint32_t page, end = (pa + len) / MM_PAGE;
	int r;

	for (page = pa / MM_PAGE; m->image_pages && page < end; page++) {
		uint64_t at = (uint64_t)page * MM_PAGE;

		if (!(m->image_pages[page / 8] >> page % 8 & 1))
			continue;
		r = write_all(m->memory_fd, m->memory + at, MM_PAGE, at);
		if (r)
			return r;
		if (mmap(m->memory + at, MM_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, m->memory_fd, at) == MAP_FAILED)
			return -errno;
		m->image_pages[page / 8] &= ~(1 << page % 8);
	}
	return 0;
}

static int map(struct muslin *m, struct mm *mm, const struct change *c, u32 pa, u32 len,
	       int prot)
{
	int flags = MAP_SHARED | MAP_FIXED, r = make_chunks(mm->space, c);

	if (!r && m->image_pages)
		r = unshare(m, pa, len);
	if (!r)
		r = take_share(m, mm->space, c);
	if (r)
		return r;
	if (is_used_whole(mm->space, c))
		flags |= MAP_POPULATE;
	if (mmap(mm_memory(mm) + c->first * MM_PAGE, len, prot, flags, m->memory_fd, pa) ==
	    MAP_FAILED)
		return -errno;
	apply(m, mm->space, c);
	return 0;
}

u32 w2c_host_mm_map(struct w2c_host *h, u32 id, u32 va, u32 pa, u32 len, u32 prot)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_any(m, id);
	struct change c = { va / MM_PAGE, ((uint64_t)va + len) / MM_PAGE,
		pa / MM_PAGE * NEXT_PAGE + prot };
	int r;

	check_range(m, mm, va, len);
	if (pa % MM_PAGE || pa < m->memory_lowest || (uint64_t)pa + len > m->memory_size)
		machine_refuse(m, "passed wild memory to map, %#x, of %u bytes", pa, len);
	if (!prot || prot & ~PROT_MASK || (!id && prot != PROT_MASK))
		machine_refuse(m, "passed a wild protection, %#x", prot);
	if (mm_make_space(m, mm))
		return -ENOMEM;
	m->thawed = true;	/* the kernel believes that an image has this, too */
	r = map(m, mm, &c, pa, len, prot);
	/* nor may there be what was there before */
	if (r && unmap(m, mm, c))
		r = -ENOMEM;
	return r;
}

u32 w2c_host_mm_unmap(struct w2c_host *h, u32 id, u32 va, u32 len)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_any(m, id);
	struct change c = { va / MM_PAGE, ((uint64_t)va + len) / MM_PAGE, 0 };

	check_range(m, mm, va, len);
	return mm->space ? unmap(m, mm, c) : 0;
}

/* What the image says of it was true in another process. */
static void nothing_mapped(struct space *s)
{
	memset(s->pages, 0, sizeof(s->pages));
	s->breaks = 0;
}

int mm_resume(struct muslin *m)
{
	int i;

	for (i = 0; i < m->nmms; i++)
		if (m->mms[i] && m->mms[i]->space)
			nothing_mapped(m->mms[i]->space);
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
	mm_drop(m);
	arena_free(m, m->mms);
	m->mms = NULL;
	m->nmms = 0;
	if (m->memory_fd >= 0)
		close(m->memory_fd);
	m->memory_fd = -1;
}
