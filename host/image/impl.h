/* SPDX-License-Identifier: MIT */
/* What the files host/image*.c share. */
#ifndef MUSLIN_IMAGE_IMPL_H
#define MUSLIN_IMAGE_IMPL_H

#include "devices/ctl.h"
#include "image/image.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "cache/cache.h"
#include "core/formats.h"
#include "core/siphash.h"

#define KERNEL_PAGE	4096u
#define FILE_ALIGN	4096u
#define MAX_PARTS	65536

/*
 * The file: this, the parts' descriptions, then the parts; those of physical memory last.
 * They have holes in between if they have such in memory, so that one mapping has many of
 * them; larger ones than that are left out.
 */
struct head {
	char magic[16];
	unsigned char build[32];	/* of the program that made it */
	uint64_t code;			/* where that has its code */
	uint64_t size;			/* of the file */
	uint64_t clock;			/* nanoseconds since boot */
	uint64_t memory_bytes;		/* of its parts */
	uint8_t sum[SIPHASH_SIZE];	/* of the parts, except memory */
	uint8_t table[SIPHASH_SIZE];	/* of all else here, and their descriptions */
	uint32_t memory_size;
	uint32_t nparts;
	uint32_t signal_frame;	/* the processor's registers in it */
	uint32_t used;		/* it is not just booted */
	char cpu[32];		/* that programs were compiled for */
	struct kept_program programs[PROGRAMS];	/* those that there are come first */
	char cmdline[2048];
	struct muslin machine;
};

/* Those with an address were there, and will be; others are what id tells. */
enum part_kind {
	PART_OBJECTS,		/* the arena, without the machine */
	PART_SPACE,		/* a reservation: its instance */
	PART_WORDS,		/* those of libraries, of the space in the part before */
	PART_STACK,		/* native stacks: what is in use of the kernel's */
	PART_USER,		/* and of user code's, of the stacks in the part before */
	PART_NAME,		/* of module id */
	PART_CODE,		/* its shared object, unless it is built in */
	PART_QUICK,		/* or the quick tier's code; base is where functions are */
	PART_MODULE,		/* itself; addr is ops */
	PART_LIBRARY,		/* the same of a library; base is its place */
	PART_FILES,		/* of hostfs */
	PART_MEMORY,		/* a piece of physical memory; addr is there */
};

struct part {
	uint32_t kind;
	uint32_t id;
	uint64_t size;
	uint64_t addr;
	uint64_t base;		/* of the mapping that it is in */
	uint64_t offset;	/* in the file */
};

struct image {
	struct muslin *m;
	struct head head;
	struct part part[MAX_PARTS];
	const void *data[MAX_PARTS];	/* of the part, in this process */
	uint8_t *bytes;		/* of one that was read: all parts but memory */
	uint64_t size;
	int refs;
	uint8_t secret[CACHE_SECRET_SIZE];	/* of the cache that it belongs to */
	void *files;
};

#define LARGEST_HOLE	(1u << 20)

/* p goes on the mapping that the part before has. */
static inline bool part_follows(const struct part *p)
{
	return p->kind == PART_MEMORY && p[-1].kind == PART_MEMORY &&
		p->addr >= p[-1].addr + p[-1].size &&
		p->addr - (p[-1].addr + p[-1].size) <= LARGEST_HOLE;
}

/* Where p, which is not the first, is in the file, if what is before it ends at end. */
static inline uint64_t part_place(const struct part *p, uint64_t end)
{
	if (part_follows(p))
		return p[-1].offset + (p->addr - p[-1].addr);
	return p->kind == PART_MEMORY ? (end + FILE_ALIGN - 1) & -(uint64_t)FILE_ALIGN : end;
}

/* Of a bit for each page of physical memory. */
static inline size_t page_bytes(const struct muslin *m)
{
	return m->memory_size / KERNEL_PAGE / 8 + 1;
}

/* Whose images a machine can use.  False: nobody can tell. */
bool image_identify(const struct muslin *m, struct head *h);
/*
 * Of head, with the other sum, and parts; of what is in the parts.  Only who can
 * read the cache can make them: a guest cannot.
 */
void image_sum_table(const struct image *im, uint8_t sum[SIPHASH_SIZE]);
void image_sum(const struct image *im, uint8_t sum[SIPHASH_SIZE]);
/* Is all in head and parts as image_save() makes it; and in what was read? */
bool image_check(const struct image *im);
bool image_check_data(const struct image *im);
/*
 * --- read.c ---
 *
 * The image in file fd, for m, checked; image_put() gives it back.  memory_size and
 * programs as for image_resume().  NULL: *err, and m->error is set.
 */
struct image *image_get(struct muslin *m, int fd, uint64_t memory_size,
			struct kept_program *programs, int *err);
void image_put(struct image *im);

/* --- moves.c: where its addresses are in this machine --- */

struct image_move {
	uint64_t low, size, to;
};

struct image_moves {
	struct image_move *move;	/* by low */
	uint32_t n;		/* 0: all are what they were */
	void *mapped;
	size_t size;
};

/* Addresses for its spaces and stacks, to which nothing has access.  0 or -errno. */
int image_map(const struct image *im, struct image_moves *v);
void image_unmap(const struct image *im, struct image_moves *v);
uint64_t image_moved(const struct image_moves *v, uint64_t word);
void image_copy(const struct image_moves *v, void *to, const void *from, size_t n);
/* The same to what is all zero, as yet. */
void image_copy_pages(const struct image_moves *v, void *to, const void *from, size_t n);

/* NULL: no program that is built in has these. */
struct module_builtin;
const struct module_builtin *image_find_builtin(const void *ops);

#endif
