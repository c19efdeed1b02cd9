/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host raises bits of irq_pending in the CPU's host_page at any time.  In user code
 * it takes the interrupt at once; the kernel takes it where it enables
 * interrupts, and where it asks whether it has to reschedule or waits in a
 * loop (arch_poll_irqs()), and never in between.
 */
#ifndef _ASM_WASM_IRQFLAGS_H
#define _ASM_WASM_IRQFLAGS_H
#ifndef __ASSEMBLY__

#include <asm/vcpu.h>

#define ARCH_IRQ_DISABLED	0
#define ARCH_IRQ_ENABLED	1

void wasm_handle_irqs(void);

static inline unsigned long arch_local_save_flags(void)
{
	return wasm_irq_flags;
}

static inline void arch_local_irq_restore(unsigned long flags)
{
	wasm_irq_flags = flags;
	__asm__ __volatile__("" ::: "memory");
	if (flags && __builtin_expect(*(volatile unsigned int *)&wasm_host_page()->irq_pending, 0))
		wasm_handle_irqs();
}

static inline void arch_poll_irqs(void)
{
	arch_local_irq_restore(wasm_irq_flags);
}

#include <asm-generic/irqflags.h>

#endif
#endif
