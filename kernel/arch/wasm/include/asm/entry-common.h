/* SPDX-License-Identifier: GPL-2.0 */
/* What system calls need of the generic entry code; signal.c has the way back. */
#ifndef _ASM_WASM_ENTRY_COMMON_H
#define _ASM_WASM_ENTRY_COMMON_H

/* frames are on the native stack */
static inline bool on_thread_stack(void)
{
	return true;
}

/* the kernel takes interrupts where it enables them */
static inline bool regs_irqs_disabled(struct pt_regs *regs)
{
	return false;
}

#endif
