/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_TLBFLUSH_H
#define _ASM_WASM_TLBFLUSH_H

#include <linux/mm.h>
#include <asm/tlbsync.h>

/* set_ptes() and pte_clear() have marked what changed. */
static inline void flush_tlb_mm(struct mm_struct *mm)
{
	if (!wasm_one_cpu)
		wasm_tlb_flush(mm);
}

static inline void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	flush_tlb_mm(vma->vm_mm);
}

static inline void flush_tlb_range(struct vm_area_struct *vma,
				   unsigned long start, unsigned long end)
{
	flush_tlb_mm(vma->vm_mm);
}

static inline void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	wasm_tlb_sync(&init_mm);
}

static inline void flush_tlb_all(void)
{
	wasm_tlb_sync(&init_mm);
}

#endif
