/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "machine/arena.h"
#include "machine/machine.h"

#define PLACES		(4ul << 30)	/* of mappings, from ARENA_ADDRESS */
#define PLACE_ALIGN	(2ul << 20)	/* a page table of the host's each */

/* See image/moves.c. */
#define UNIT	(4ull << 30)

void *arena_reserve(size_t size, uint64_t like)
{
	uint8_t *p = mmap(NULL, size + UNIT, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t skip = (like - (uintptr_t)p) % UNIT;

	if (p == MAP_FAILED)
		return NULL;
	if (skip)
		munmap(p, skip);
	munmap(p + skip + size, UNIT - skip);
	return p + skip;
}

/* Beside others, which have the address. */
static struct muslin *place_elsewhere(void)
{
	void *p = arena_reserve(ARENA_SIZE, ARENA_ADDRESS);

	if (p && !mprotect(p, ARENA_SIZE, PROT_READ | PROT_WRITE))
		return p;
	if (p)
		munmap(p, ARENA_SIZE);
	return NULL;
}

struct muslin *arena_new(void)
{
	struct muslin *m = mmap((void *)ARENA_ADDRESS, ARENA_SIZE,
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (m == MAP_FAILED)
		return NULL;
	if (!arena_in_place(m)) {
		munmap(m, ARENA_SIZE);
		m = place_elsewhere();
		if (!m)
			return NULL;
	}
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

/* Before each object. */
struct arena_object {
	struct arena_object *next;	/* that nobody uses */
	uint32_t class;
	uint32_t size;		/* of what follows, in 16 bytes */
};

struct arena_place {
	struct arena_place *next;
	void *p;
	size_t size;
};

/* Rounds size up to what all objects of its class have. */
static uint32_t class_of(size_t *size)
{
	uint32_t class = ARENA_CLASSES;
	size_t n = 16 * ARENA_CLASSES;

	*size = (*size + 15) & -16ul;
	if (*size < n)
		return *size / 16;
	while (n < *size) {
		n *= 2;
		class++;
	}
	*size = n;
	return class;
}

void *arena_alloc(struct muslin *m, size_t size)
{
	struct arena_object *o;
	size_t wanted = size;
	uint32_t class;

	if (!m->arena.next || size > ARENA_SIZE)
		return calloc(1, size);
	class = class_of(&size);
	o = m->arena.unused[class];
	if (o) {
		m->arena.unused[class] = o->next;
		memset(o + 1, 0, size);
		return o + 1;
	}
	o = (struct arena_object *)m->arena.next;
	if (size + sizeof(*o) > ARENA_SIZE - (m->arena.next - (uint8_t *)m)) {
		m->arena.full = true;
		return m->arena.keep ? calloc(1, wanted) : NULL;
	}
	m->arena.next += sizeof(*o) + size;
	*o = (struct arena_object){ .class = class, .size = size / 16 };
	return o + 1;
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

/* Of one that is closed, what is in it goes with the machine. */
void arena_free(struct muslin *m, void *p)
{
	struct arena_object *o = p;

	if (!p)
		return;
	if (!is_ours(m, p)) {
		free(p);
		return;
	}
	if (!m->arena.next)
		return;
	o--;
	o->next = m->arena.unused[o->class];
	m->arena.unused[o->class] = o;
}

/* Where something of that size was, or what comes next. */
static void *take_place(struct muslin *m, size_t size)
{
	struct arena_place **list = &m->arena.places, *a;
	void *p = m->arena.place;

	while ((a = *list) && a->size != size)
		list = &a->next;
	if (a) {
		p = a->p;
		*list = a->next;
		arena_free(m, a);
		return p;
	}
	if (p)
		m->arena.place += (size + PLACE_ALIGN - 1) & -PLACE_ALIGN;
	return p;
}

void *arena_map(struct muslin *m, size_t size)
{
	void *p = mmap(take_place(m, size), size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Without memory for the note the place is lost, of which there are many. */
void arena_unmap(struct muslin *m, void *p, size_t size)
{
	struct arena_place *a;

	if ((size_t)((uint8_t *)p - m->arena.window) < m->arena.window_size) {
		if (!m->arena.ending)
			mmap(p, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			     MAP_NORESERVE | MAP_FIXED, -1, 0);
		return;
	}
	munmap(p, size);
	if (!m->arena.place || (uintptr_t)p < ARENA_ADDRESS + PLACES ||
	    (uint8_t *)p >= m->arena.place)
		return;
	a = arena_alloc(m, sizeof(*a));
	if (!a)
		return;
	*a = (struct arena_place){ m->arena.places, p, size };
	m->arena.places = a;
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
	m->arena.places = NULL;
	m->arena.keep = false;
}
