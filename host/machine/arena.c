/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "machine/arena.h"
#include "machine/machine.h"

#define PLACES		(4ul << 30)	/* of mappings, from ARENA_ADDRESS */
#define PLACE_ALIGN	(2ul << 20)	/* a page table of the host's each */

struct muslin *arena_new(void)
{
	struct muslin *m = mmap((void *)ARENA_ADDRESS, ARENA_SIZE,
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (m == MAP_FAILED)
		return NULL;
	m->arena.next = (uint8_t *)m + ((sizeof(*m) + 15) & -16ul);
	if (arena_in_place(m))
		m->arena.place = (uint8_t *)m + PLACES;
	return m;
}

void arena_delete(struct muslin *m)
{
	munmap(m, ARENA_SIZE);
}

bool arena_in_place(const struct muslin *m)
{
	return (uintptr_t)m == ARENA_ADDRESS;
}

static bool is_ours(const struct muslin *m, const void *p)
{
	return (uintptr_t)p - (uintptr_t)m < ARENA_SIZE;
}

void *arena_alloc(struct muslin *m, size_t size)
{
	uint8_t *p = m->arena.next;

	if (!p)
		return calloc(1, size);
	size = (size + 15) & -16ul;
	if (size > ARENA_SIZE - (p - (uint8_t *)m)) {
		m->arena.full = true;
		return m->arena.keep ? calloc(1, size) : NULL;
	}
	m->arena.next += size;
	return p;
}

void *arena_grow(struct muslin *m, void *p, size_t used, size_t size)
{
	void *n = arena_alloc(m, size);

	if (!n)
		return NULL;
	if (used)
		memcpy(n, p, used);
	arena_free(m, p);
	return n;
}

/* What is in the arena goes with the machine. */
void arena_free(struct muslin *m, void *p)
{
	if (p && !is_ours(m, p))
		free(p);
}

void *arena_map(struct muslin *m, size_t size)
{
	void *p = mmap(m->arena.place, size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (m->arena.place)
		m->arena.place += (size + PLACE_ALIGN - 1) & -PLACE_ALIGN;
	return p;
}

bool arena_map_at(void *p, size_t size)
{
	void *r = mmap(p, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (r == MAP_FAILED)
		return false;
	if (r == p)
		return true;
	munmap(r, size);	/* a host that does not know NOREPLACE */
	return false;
}

void arena_close(struct muslin *m)
{
	m->arena.next = m->arena.place = NULL;
	m->arena.keep = false;
}
