/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's mappings of a linear memory are its TLB.  Changes of page tables
 * are collected here and told to the host by wasm_tlb_sync(): before user
 * code of that mm runs again, or at once for the kernel's own.
 */
#ifndef _ASM_WASM_TLBSYNC_H
#define _ASM_WASM_TLBSYNC_H

struct mm_struct;

/* Some mm has marks: look at your own before you go to user code. */
extern int wasm_tlb_due;

/* [start, end) has entries that the host does not know, end is 0 for none */
static inline void wasm_tlb_mark(struct mm_struct *mm, unsigned long start,
				 unsigned long end)
{
	wasm_tlb_due = 1;
	/* the last page of the 4 GiB is never mapped, so end is never 0 */
	if (!mm->context.sync_end) {
		mm->context.sync_start = start;
		mm->context.sync_end = end;
		return;
	}
	if (start < mm->context.sync_start)
		mm->context.sync_start = start;
	if (end > mm->context.sync_end)
		mm->context.sync_end = end;
}

int wasm_tlb_sync(struct mm_struct *mm);

#endif
