/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_PGALLOC_H
#define _ASM_WASM_PGALLOC_H

#include <linux/mm.h>
#include <linux/slab.h>

/* four entries: not worth a page */
#define __HAVE_ARCH_PGD_FREE
#include <asm-generic/pgalloc.h>

static inline pgd_t *pgd_alloc(struct mm_struct *mm)
{
	return kzalloc(PTRS_PER_PGD * sizeof(pgd_t), GFP_KERNEL);
}

static inline void pgd_free(struct mm_struct *mm, pgd_t *pgd)
{
	kfree(pgd);
}

#define pmd_populate_kernel(mm, pmd, pte) \
	set_pmd(pmd, __pmd(_PAGE_TABLE | __pa(pte)))
#define pmd_populate(mm, pmd, page) \
	set_pmd(pmd, __pmd(_PAGE_TABLE | page_to_phys(page)))

/* after a page table was taken out of the tree, before its pages are free */
void wasm_tlb_free_table(struct mm_struct *mm);

#define __pte_free_tlb(tlb, pte, address)			\
do {								\
	wasm_tlb_free_table((tlb)->mm);				\
	pagetable_pte_dtor(page_ptdesc(pte));			\
	tlb_remove_page_ptdesc((tlb), (page_ptdesc(pte)));	\
} while (0)

#endif
