// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/syscalls.h>

/* pgoff is in units of 4096 bytes, whatever the page size */
#define MMAP2_SHIFT 12

SYSCALL_DEFINE6(mmap2, unsigned long, addr, unsigned long, len, unsigned long, prot,
		unsigned long, flags, unsigned long, fd, unsigned long, pgoff)
{
	if (pgoff & ((PAGE_SIZE >> MMAP2_SHIFT) - 1))
		return -EINVAL;
	return ksys_mmap_pgoff(addr, len, prot, flags, fd,
			       pgoff >> (PAGE_SHIFT - MMAP2_SHIFT));
}
