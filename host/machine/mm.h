/* SPDX-License-Identifier: MIT */
/* Address spaces. */
#ifndef MUSLIN_MM_H
#define MUSLIN_MM_H

#include <stdbool.h>
#include <stdint.h>

#include "cgen/abi.h"
#include "loader/loader.h"

struct linked;
struct linked_types;
struct module;
struct muslin;
struct table;

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

/* An instance, and those that fork() made of it: they share its function table. */
struct family {
	uint64_t id;
	int refs;
};

/* Where an instance and its linear memory are. */
struct space {
	uint8_t *base;		/* instance, then linear memory */
	struct w2c_linux linux_imports;
	struct family *family;	/* NULL: it is not set up */
	struct space *next;	/* of m->spaces */
	/* What is mapped, MM_CHUNK pages each: see mm.c.  Not in a boot image. */
	uint32_t *pages[USER_SPACE / MM_PAGE / MM_CHUNK];
	uint32_t breaks;	/* mappings that cost */
	bool words;		/* there is room for those of libraries: link.c */
	/* where the last page ends that was mapped for a fault, and how many in a row */
	uint64_t fault_end;
	uint32_t fault_run;
};

struct mm {
	int id;
	struct space *space;	/* NULL until there is a program */
	struct module *module;
	const struct module_ops *ops;	/* the module's */
	/* link.c: its libraries, its function table if that is not the family's alone */
	struct linked *libraries;
	struct table *table;
	struct linked_types *types;
};

/* an i32 address plus an i32 offset, and the widest access */
#define MM_PROGRAM	MUSLIN_MODULES
/* Behind that is what libraries have in a process: link.c. */
#define MM_RESERVED	(MM_PROGRAM + MODULE_WORDS)

int mm_init(struct muslin *m);
/* Physical memory for the kernel's space, of which only the addresses are there. */
int mm_resume(struct muslin *m);
void mm_exit(struct muslin *m);
/* One that is a process's; any other id ends the machine. */
struct mm *mm_get(struct muslin *m, uint32_t id);
/* The same, and it has a program. */
struct mm *mm_program(struct muslin *m, uint32_t id);
/* Above physical memory: is all of that mapped?  n is not 0. */
bool mm_kernel_has(const struct muslin *m, uint32_t addr, uint32_t n);
/* 0 or -ENOMEM */
int mm_make_space(struct muslin *m, struct mm *mm);
/* Its first instance, by the module's ops.  0 or -errno. */
int mm_set_up(struct muslin *m, struct mm *mm);
/* Spaces that nobody uses go back to the host. */
void mm_drop(struct muslin *m);

static inline uint8_t *mm_memory(const struct mm *mm)
{
	return mm->space->base + MUSLIN_MEMORY_OFFSET;
}

#endif
