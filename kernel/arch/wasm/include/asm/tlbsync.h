/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's mappings of a linear memory are its TLB.  Changes of page tables
 * are marked here and told to the host by wasm_tlb_sync(): before user code
 * of that mm runs again, or at once for the kernel's own.  All CPUs have the same
 * mappings.  Where user code runs meanwhile, on another CPU, what it may not have any
 * more is told before somebody relies on that (flush_tlb_*); what it may have comes by
 * the fault for which the kernel finds nothing to do.
 */
#ifndef _ASM_WASM_TLBSYNC_H
#define _ASM_WASM_TLBSYNC_H

#include <linux/bitops.h>
#include <asm/mmu.h>
#include <asm/vcpu.h>

static inline void wasm_tlb_mark(mm_context_t *context, unsigned long start,
				 unsigned long end)
{
	unsigned long chunk = start >> WASM_CHUNK_SHIFT;

	wasm_this_cpu()->tlb_due = 1;
	/* the last page of the 4 GiB is never mapped, so end is never 0 */
	for (; chunk <= (end - 1) >> WASM_CHUNK_SHIFT; chunk++) {
		/* used first: dirty is what others look for */
		set_bit(chunk, context->used);
		set_bit(chunk, context->dirty);
	}
}

struct mm_struct;

/* Does user code of this mm have to wait for wasm_tlb_sync()? */
bool wasm_tlb_stale(struct mm_struct *mm);
int wasm_tlb_sync(struct mm_struct *mm);
/* The same now, if another CPU runs user code of this mm. */
void wasm_tlb_flush(struct mm_struct *mm);
/*
 * wasm_tlb_sync() failed, which is a TLB that is full: what this mm had is gone, and
 * comes again by faults.  An error: so it was some times, and of no use.
 */
int wasm_tlb_refused(struct mm_struct *mm);
/* The host has lost, or is to lose, the mappings of this mm. */
void wasm_tlb_forget(struct mm_struct *mm);
/* And those of all programs but init: what they use comes again by faults. */
void wasm_tlb_forget_programs(void);

#endif
