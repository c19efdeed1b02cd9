/* SPDX-License-Identifier: MIT */
/*
 * Addresses that other processes can have too: a boot image is full of
 * pointers.  While the machine boots, or until its end if its programs are to be
 * kept, too, everything that the image will have is allocated and mapped from
 * ARENA_ADDRESS on; later, and if somebody else is there, anywhere.
 */
#ifndef MUSLIN_ARENA_H
#define MUSLIN_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Nobody's, by any habit of Linux; and two small numbers beside each other hardly ever
 * look like it, as 0x2000 and a pointer of the kernel's do (image/moves.c).
 */
#define ARENA_ADDRESS	0x2b5d00000000ull
#define ARENA_SIZE	(1ul << 30)		/* for objects */

struct muslin;

/* Sizes of objects that are kept apart when nobody uses them any more: 16 bytes, 32 ... */
#define ARENA_CLASSES	64

struct arena {
	uint8_t *next;		/* object; NULL: closed */
	uint8_t *place;		/* mapping */
	/* objects to use again; larger ones, by powers of two, are in the last ones */
	struct arena_object *unused[ARENA_CLASSES + 32];
	struct arena_place *places;	/* mappings that are gone */
	/* of one that goes on beside others: all its mappings, which stay until its end */
	uint8_t *window;
	size_t window_size;
	bool ending;		/* soon it all goes at once */
	bool keep;		/* the image is to have programs: never closed */
	bool full;		/* something had to be elsewhere */
};

/* The machine is its first object.  NULL: no memory. */
struct muslin *arena_new(void);
void arena_delete(struct muslin *m);
/* It is where its image would want it. */
bool arena_in_place(const struct muslin *m);

/* Zeroed; NULL. */
void *arena_alloc(struct muslin *m, size_t size);
/* To p, which has used bytes and may be NULL, with size bytes in all. */
void *arena_grow(struct muslin *m, void *p, size_t used, size_t size);
void arena_free(struct muslin *m, void *p);
/* Reserved address space, or NULL. */
void *arena_map(struct muslin *m, size_t size);
/* What that gave, of which everything goes. */
void arena_unmap(struct muslin *m, void *p, size_t size);
/* Addresses that differ from like by a multiple of 4 GiB; NULL: there are none. */
void *arena_reserve(size_t size, uint64_t like);
/* The same where an image wants it. */
bool arena_map_at(void *p, size_t size);
/* From now on all of that is anywhere. */
void arena_close(struct muslin *m);

#endif
