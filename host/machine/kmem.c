/* SPDX-License-Identifier: MIT */
/* The kernel's memory, as host functions see it. */
#include "machine/kmem.h"
#include "machine/machine.h"
#include "machine/mm.h"

void *kmem_mapped(struct muslin *m, uint32_t addr, uint32_t n)
{
	if (n && !mm_kernel_has(m, addr, n))
		machine_refuse(m, "passed a wild address, %#x, of %u bytes", addr, n);
	return m->memory + addr;
}

void *kmem_aligned(struct muslin *m, uint32_t addr, uint32_t count, size_t size, size_t align)
{
	uint64_t n = (uint64_t)count * size;

	if (n > UINT32_MAX || addr % align)
		machine_refuse(m, "passed a wild array, %#x, of %u times %zu bytes",
			       addr, count, size);
	return kmem(m, addr, n);
}

char *kmem_string(struct muslin *m, uint32_t addr, char *buf, size_t n)
{
	size_t i;

	/* it may end where memory does */
	for (i = 0; i < n - 1; i++) {
		buf[i] = *(char *)kmem(m, addr + i, 1);
		if (!buf[i])
			return buf;
	}
	buf[i] = 0;
	return buf;
}
