/* SPDX-License-Identifier: MIT */
/* Reservations of the host's addresses, each for an instance and its linear memory. */
#ifndef MUSLIN_SPACE_H
#define MUSLIN_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "cgen/abi.h"
#include "loader/loader.h"

struct family;
struct muslin;

/*
 * The kernel's space: physical memory at the bottom, always there;
 * from MM_VMALLOC on what the kernel had mapped, page by page.
 */
#define MM_PAGE		4096u
#define MM_VMALLOC	(3584ull << 20)	/* asm/pgtable.h */

#define USER_SPACE (1ull << 32)
/* The page below is never there in the kernel's space: NULL faults. */
#define MEMORY_START 65536u
#define MM_CHUNK 1024

/* an i32 address plus an i32 offset, and the widest access */
#define MM_PROGRAM	MUSLIN_MODULES
/* Behind that is what libraries have in a process: link.c. */
#define MM_RESERVED	(MM_PROGRAM + MODULE_WORDS)

/* Where an instance and its linear memory are. */
struct space {
	uint8_t *base;		/* instance, then linear memory */
	struct w2c_linux linux_imports;
	struct family *family;	/* NULL: it is not set up */
	struct space *next;	/* of m->spaces */
	/* What is mapped, MM_CHUNK pages each: see space.c.  Not in a boot image. */
	uint32_t *pages[USER_SPACE / MM_PAGE / MM_CHUNK];
	uint32_t breaks;	/* mappings that cost */
	bool words;		/* there is room for those of libraries: link.c */
	/* where the last page ends that was mapped for a fault, and how many in a row */
	uint64_t fault_end;
	uint32_t fault_run;
};

#define SPACE_PROT (PROT_READ | PROT_WRITE)

/* One of those that nobody uses, or a new one, in which nothing is mapped.  NULL: no memory. */
struct space *space_new(struct muslin *m);
/* Nobody uses it any more, and nothing is set up in it. */
void space_put(struct muslin *m, struct space *s);
/* Spaces that nobody uses go back to the host. */
void space_drop(struct muslin *m);
/* Whole pages of physical memory, of which nothing is kept, are the image's no more. */
void space_disown(struct muslin *m, uint32_t pa, uint32_t len);
/* What an image says that is mapped was true in another process. */
void space_forget(struct space *s);

bool space_has(const struct space *s, uint64_t page);
/*
 * From page first on, len bytes of physical memory at pa.  for_fault: the first of them
 * are touched at once.  0 or -errno, and then what was there before may be there.
 */
int space_map(struct muslin *m, struct space *s, uint64_t first, uint32_t pa, uint32_t len,
	      int prot, bool for_fault);
/* Pages first to end.  0 or -ENOMEM, and then they are as they were. */
int space_unmap(struct muslin *m, struct space *s, uint64_t first, uint64_t end);
/*
 * The host has no room for what would be left of a mapping.  But no page may
 * stay mapped that the kernel will give to others: all go, which takes no room.
 * -ENOMEM if that was more than pages first to end.
 */
int space_unmap_all(struct muslin *m, struct space *s, uint64_t first, uint64_t end);
/* All of it: this cannot fail, or the machine ends. */
void space_empty(struct muslin *m, struct space *s);

static inline uint8_t *space_memory(const struct space *s)
{
	return s->base + MUSLIN_MEMORY_OFFSET;
}

#endif
