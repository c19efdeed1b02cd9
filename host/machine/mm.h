/* SPDX-License-Identifier: MIT */
/* Address spaces. */
#ifndef MUSLIN_MM_H
#define MUSLIN_MM_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/space.h"

struct linked_types;
struct module;
struct muslin;
struct table;

/* An instance, and those that fork() made of it: they share its function table. */
struct family {
	uint64_t id;
	int refs;
};

/* A module in an address space that links some: a library, or the program. */
struct instance {
	struct instance *next;
	struct module *mod;
	uint32_t module;	/* its number */
	bool linked;		/* or will be */
	uint32_t table_base;	/* of the slice that it has of the function table */
};

struct mm {
	int id;
	int tasks;		/* that run programs in it */
	bool gone;		/* the kernel has destroyed it; some of them were left */
	struct space *space;	/* NULL until there is a program */
	struct module *module;
	const struct module_ops *ops;	/* the module's */
	/* link.c: its libraries, its function table if that is not the family's alone */
	struct instance *libraries;
	struct table *table;
	struct linked_types *types;
};

struct task;

int mm_init(struct muslin *m);
/* t runs a program in mm, or none any more. */
void mm_enter(struct task *t, struct mm *mm);
void mm_leave(struct muslin *m, struct task *t);
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

static inline uint8_t *mm_memory(const struct mm *mm)
{
	return space_memory(mm->space);
}

#endif
