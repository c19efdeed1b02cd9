/* SPDX-License-Identifier: MIT */
/*
 * A machine that goes on beside another has its mappings elsewhere, and each word of an
 * image that is an address in one of them becomes that of its place.  There are no others:
 * code is where it was, and physical memory has numbers of its own.
 *
 * All move by multiples of 4 GiB: a compiler may have put a number of 32 bits into the lower
 * half of a word that was an address before, and so looks like one; only the other half
 * changes, in which there is nothing.  What is left are two numbers side by side that look like
 * one, which is as rare as in fork.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "image/impl.h"
#include "machine/mm.h"
#include "machine/stack.h"

/* Mappings begin there, each with page tables of its own; and no two touch. */
#define ALIGN (2ull << 20)

/* What of a part's addresses is a mapping of its own; 0: nothing. */
static size_t mapping_size(const struct part *p)
{
	return p->kind == PART_SPACE ? MM_RESERVED :
		p->kind == PART_STACK ? NATIVE_GUARD + NATIVE_STACK : 0;
}

static uint64_t room_of(const struct part *p)
{
	return (mapping_size(p) + ALIGN - 1) & -ALIGN;
}

/* Those of the first n parts. */
static void unmap_in_place(const struct image *im, uint32_t n)
{
	while (n--)
		if (mapping_size(&im->part[n]))
			munmap((void *)im->part[n].base, mapping_size(&im->part[n]));
}

/* Each where it was, or none. */
static int map_in_place(const struct image *im)
{
	uint32_t i;

	for (i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];

		if (mapping_size(p) && !arena_map_at((void *)p->base, mapping_size(p))) {
			unmap_in_place(im, i);
			return -EADDRINUSE;
		}
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct image_move *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

/* Where it all was, from the first to the last. */
static void find_bounds(const struct image *im, uint64_t *low, uint64_t *end)
{
	*low = -1ull;
	*end = 0;
	for (uint32_t i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];

		if (!room_of(p))
			continue;
		if (p->base < *low)
			*low = p->base;
		if (p->base + room_of(p) > *end)
			*end = p->base + room_of(p);
	}
}

/* All in one mapping, laid out as it was, of which the machine opens what it needs. */
static int map_elsewhere(const struct image *im, struct image_moves *v)
{
	uint64_t low, end;
	uint32_t i;
	uint8_t *p;

	find_bounds(im, &low, &end);
	v->move = calloc(im->head.nparts + 1, sizeof(*v->move));
	p = v->move ? arena_reserve(end - low, low) : NULL;
	if (!p) {
		free(v->move);
		v->move = NULL;
		return -ENOMEM;
	}
	v->mapped = p;
	v->size = end - low;
	v->move[v->n++] = (struct image_move){
		ARENA_ADDRESS, im->part[0].addr + im->part[0].size - ARENA_ADDRESS,
		(uintptr_t)im->m,
	};
	for (i = 0; i < im->head.nparts; i++) {
		uint64_t base = im->part[i].base;

		if (room_of(&im->part[i]))
			v->move[v->n++] = (struct image_move){
				base, room_of(&im->part[i]), base - low + (uintptr_t)p,
			};
	}
	qsort(v->move, v->n, sizeof(*v->move), by_address);
	return 0;
}

int image_map(const struct image *im, struct image_moves *v)
{
	*v = (struct image_moves){ 0 };
	return arena_in_place(im->m) ? map_in_place(im) : map_elsewhere(im, v);
}

void image_unmap(const struct image *im, struct image_moves *v)
{
	if (v->n)
		munmap(v->mapped, v->size);
	else
		unmap_in_place(im, im->head.nparts);
	free(v->move);
	*v = (struct image_moves){ 0 };
}

uint64_t image_moved(const struct image_moves *v, uint64_t word)
{
	uint32_t low = 0, high = v->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct image_move *m = &v->move[middle];

		if (word - m->low < m->size)
			return word - m->low + m->to;
		if (word < m->low)
			high = middle;
		else
			low = middle + 1;
	}
	return word;
}

void image_copy(const struct image_moves *v, void *to, const void *from, size_t n)
{
	const uint64_t *f = from, first = v->n ? v->move[0].low : -1ull;
	uint64_t *t = to;
	size_t i;

	for (i = 0; i < n / 8; i++)
		t[i] = f[i] < first ? f[i] : image_moved(v, f[i]);
	memcpy(t + i, f + i, n % 8);
}

/* What is zero in a new mapping need not be there. */
void image_copy_pages(const struct image_moves *v, void *to, const void *from, size_t n)
{
	static const uint8_t zero[KERNEL_PAGE];
	size_t at, some;

	for (at = 0; at < n; at += some) {
		/* pages of the place, not of what is copied */
		some = KERNEL_PAGE - ((uintptr_t)to + at) % KERNEL_PAGE;
		if (some > n - at)
			some = n - at;
		if (memcmp((const char *)from + at, zero, some))
			image_copy(v, (char *)to + at, (const char *)from + at, some);
	}
}
