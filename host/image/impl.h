/* SPDX-License-Identifier: MIT */
/* What the files host/image*.c share. */
#ifndef MUSLIN_IMAGE_IMPL_H
#define MUSLIN_IMAGE_IMPL_H

#include "devices/ctl.h"
#include "image/image.h"
#include "machine/machine.h"
#include "cache/cache.h"
#include "core/formats.h"
#include "core/siphash.h"

#define KERNEL_PAGE	4096u
#define FILE_ALIGN	4096u
#define MAX_PARTS	65536

/*
 * The file: this, the parts' descriptions, then the parts; those of physical
 * memory last, each at a multiple of FILE_ALIGN.
 */
struct head {
	char magic[16];
	unsigned char build[32];	/* of the program that made it */
	uint64_t code;			/* where that has its code */
	uint64_t size;			/* of the file */
	uint64_t clock;			/* nanoseconds since boot */
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
	uint64_t end;		/* of the file so far */
	uint8_t secret[CACHE_SECRET_SIZE];	/* of the cache that it belongs to */
	void *files;
};

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
/* NULL: no program that is built in has these. */
struct module_builtin;
const struct module_builtin *image_find_builtin(const void *ops);

#endif
