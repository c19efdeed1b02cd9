/* SPDX-License-Identifier: MIT */
/* Reservations of the host's addresses, and the pages of physical memory that are in them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/memory-file.h"
#include "core/share.h"
#include "host_page.h"
#include "machine/machine.h"
#include "machine/space.h"

/*
 * A word for each page: that of physical memory, and its protection; 0: none.
 * The host merges what is contiguous; each place where it cannot costs the
 * process one of its mappings, of which other machines need some.
 */

#define PAGES (USER_SPACE / MM_PAGE)
#define NEXT_PAGE (SPACE_PROT + 1)

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
		arena_unmap(m, p, MM_RESERVED);
	share_give(&share_mappings, &m->mappings, SPACE_MAPPINGS);
	return NULL;
}

static bool reserve_again(uint8_t *p, size_t size)
{
	return mmap(p, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		    -1, 0) != MAP_FAILED;
}

struct space *space_new(struct muslin *m)
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
	arena_unmap(m, s->base, MM_RESERVED);
	share_give(&share_mappings, &m->mappings, SPACE_MAPPINGS);
	arena_free(m, s);
}

/* An image does not keep those that nobody uses. */
#define SPACES_MAX 64

void space_put(struct muslin *m, struct space *s)
{
	size_t size = MM_RESERVED - MUSLIN_MEMORY_OFFSET;

	forget_pages(m, s);
	if (m->nspaces == SPACES_MAX || !reserve_again(space_memory(s), size)) {
		space_delete(m, s);
		return;
	}
	s->fault_end = s->fault_run = 0;
	s->next = m->spaces;
	m->spaces = s;
	m->nspaces++;
}

void space_drop(struct muslin *m)
{
	struct space *s;

	while ((s = m->spaces)) {
		m->spaces = s->next;
		m->nspaces--;
		space_delete(m, s);
	}
}

bool space_has(const struct space *s, uint64_t page)
{
	return page_of(s, page);
}

int space_unmap(struct muslin *m, struct space *s, uint64_t first, uint64_t end)
{
	const struct change c = { first, end, 0 };

	if (take_share(m, s, &c) ||
	    !reserve_again(space_memory(s) + first * MM_PAGE, (end - first) * MM_PAGE))
		return -ENOMEM;
	apply(m, s, &c);
	return 0;
}

void space_empty(struct muslin *m, struct space *s)
{
	size_t size = MM_PROGRAM - MUSLIN_MEMORY_OFFSET;

	if (!reserve_again(space_memory(s), size) &&
	    mprotect(space_memory(s), size, PROT_NONE)) {
		fail(m, -ENOMEM, "the host cannot unmap memory");
		machine_halt(m, HALTED + HOST_PANIC);
	}
	forget_pages(m, s);
}

int space_unmap_all(struct muslin *m, struct space *s, uint64_t first, uint64_t end)
{
	const struct change c = { first, end, 0 };
	int r = nothing_else(s, &c) ? 0 : -ENOMEM;

	space_empty(m, s);
	return r;
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
	s->fault_run = c->first == s->fault_end ? s->fault_run + 1 : 1;
	s->fault_end = c->end;
	return c->end - c->first == 1 || s->fault_run > GOES_THROUGH;
}

/*
 * Pages of physical memory that are this machine's alone, since they are still
 * the image's: called before a program gets to see one.  0 or -errno.
 */
static int own_pages(struct muslin *m, uint32_t pa, uint32_t len)
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

/* Less is not worth a mapping. */
#define DISOWNED (256u << 10)

/* If the host cannot do that, they stay as they are. */
void space_disown(struct muslin *m, uint32_t pa, uint32_t len)
{
	uint32_t page = pa / MM_PAGE, end = (pa + len) / MM_PAGE;
	bool any = false;

	for (; page < end; page++)
		any |= m->image_pages[page / 8] >> page % 8 & 1;
	if (!any || len < DISOWNED || !share_take(&share_mappings, &m->mappings, 2) ||
	    mmap(m->memory + pa, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 m->memory_fd, pa) == MAP_FAILED)
		return;
	for (page = pa / MM_PAGE; page < end; page++)
		m->image_pages[page / 8] &= ~(1 << page % 8);
}

int space_map(struct muslin *m, struct space *s, uint64_t first, uint32_t pa, uint32_t len,
	      int prot, bool for_fault)
{
	const struct change c = { first, first + len / MM_PAGE, pa / MM_PAGE * NEXT_PAGE + prot };
	int flags = MAP_SHARED | MAP_FIXED, r = make_chunks(s, &c);

	if (!r && m->image_pages)
		r = own_pages(m, pa, len);
	if (!r)
		r = take_share(m, s, &c);
	if (r)
		return r;
	if (for_fault && is_used_whole(s, &c))
		flags |= MAP_POPULATE;
	if (mmap(space_memory(s) + first * MM_PAGE, len, prot, flags, m->memory_fd, pa) ==
	    MAP_FAILED)
		return -errno;
	apply(m, s, &c);
	return 0;
}

void space_forget(struct space *s)
{
	memset(s->pages, 0, sizeof(s->pages));
	s->breaks = 0;
}
