/* SPDX-License-Identifier: MIT */
/* The kernel's memory, as host functions see it: each address is checked here. */
#ifndef MUSLIN_KMEM_H
#define MUSLIN_KMEM_H

#include "machine/machine.h"

/* Of kmem(), where it is not physical memory. */
void *kmem_mapped(struct muslin *m, uint32_t addr, uint32_t n);

/*
 * Host address of [addr, addr + n) in kernel memory.  What is not there ends
 * the machine; nothing has to be there for n == 0.
 */
static inline void *kmem(struct muslin *m, uint32_t addr, uint32_t n)
{
	if (__builtin_expect(addr < m->memory_lowest ||
			     (uint64_t)addr + n > m->memory_size, 0))
		return kmem_mapped(m, addr, n);
	return m->memory + addr;
}

/* The same for objects, which C wants to be aligned. */
void *kmem_aligned(struct muslin *m, uint32_t addr, uint32_t count, size_t size, size_t align);
#define kmem_array(m, addr, count, type) \
	((type *)kmem_aligned(m, addr, count, sizeof(type), _Alignof(type)))
#define kmem_struct(m, addr, type) kmem_array(m, addr, 1, type)
/* Copies a string to buf, of n bytes: its beginning if it is longer. */
char *kmem_string(struct muslin *m, uint32_t addr, char *buf, size_t n);

#endif
