/* SPDX-License-Identifier: MIT */
/*
 * The kernel where it has several CPUs: its own globals are words of each vCPU
 * (machine/vcpu.h), which generated code finds by %gs.  host/rules.mk puts them in the
 * place of those of its instance.
 */
#ifndef MUSLIN_KERNEL_CPUS_H
#define MUSLIN_KERNEL_CPUS_H

#include <stdint.h>

#define MUSLIN_KERNEL_WORDS 64	/* bytes from the beginning of struct vcpu */

/* The kernel's asm/vcpu.h, and its __stack_pointer. */
struct muslin_kernel_words {
	uint32_t stack_pointer, current, irq_flags, one_cpu, cpu, cpu_offset;
};

/* An x86-64 processor keeps the order of loads, and that of stores. */
enum { muslin_total_order = 1 };

#define MUSLIN_KERNEL ((struct muslin_kernel_words __seg_gs *)MUSLIN_KERNEL_WORDS)

#endif
