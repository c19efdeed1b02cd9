/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_UACCESS_H
#define _ASM_WASM_UACCESS_H

#include <linux/unaligned.h>

/*
 * User memory is not in the kernel's address space: it is reached page by
 * page, through the page tables.  See mm/uaccess.c.  What wasm_user_ptr() gives is there
 * until wasm_user_done(), before which nothing sleeps or faults; NULL has no end.
 */
void *wasm_user_ptr(unsigned long addr, bool write);
void wasm_user_done(void);

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __clear_user(void __user *to, unsigned long n);
#define __clear_user __clear_user

#include <asm-generic/uaccess.h>

/* no address of the kernel's faults: all of its memory is there */
#define __get_kernel_nofault(dst, src, type, label)			\
do {									\
	*((type *)(dst)) = get_unaligned((type *)(src));		\
	if (0)								\
		goto label;						\
} while (0)

#define __put_kernel_nofault(dst, src, type, label)			\
do {									\
	put_unaligned(*((type *)(src)), (type *)(dst));			\
	if (0)								\
		goto label;						\
} while (0)

#endif
