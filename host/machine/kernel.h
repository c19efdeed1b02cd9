/* SPDX-License-Identifier: MIT */
/* The kernel, as wasm2c translated it: its exports, and what it imports. */
#ifndef MUSLIN_KERNEL_H
#define MUSLIN_KERNEL_H

#include "vmlinux.h"

/* the kernel's shadow stack pointer */
static inline uint32_t *kernel_sp(struct w2c_vmlinux *k)
{
	return &k->w2c_0x5F_stack_pointer;
}

#endif
