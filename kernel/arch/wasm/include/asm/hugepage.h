/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entries of the upper table that are pages of memory themselves, of PMD_SIZE.  They
 * have the bits of a page's entry, except _PAGE_SYNC: what of them the host is to be
 * told, wasm_tlb_mark() says alone.
 */
#ifndef _ASM_WASM_HUGEPAGE_H
#define _ASM_WASM_HUGEPAGE_H

static inline pte_t pmd_pte(pmd_t pmd)
{
	return __pte(pmd_val(pmd));
}

static inline pmd_t pte_pmd(pte_t pte)
{
	return __pmd(pte_val(pte));
}

/* one that is being split, or moved, is present, but nobody's to use */
#define pmd_mkhuge(pmd)		__pmd(pmd_val(pmd) | _PAGE_HUGE)
#define pmd_mkinvalid(pmd)	__pmd(pmd_val(pmd) & ~_PAGE_PRESENT)
#define pmd_trans_huge(pmd)	(pmd_val(pmd) & _PAGE_HUGE)
#define pmd_leaf		pmd_leaf
static inline bool pmd_leaf(pmd_t pmd)	{ return pmd_trans_huge(pmd); }

#define pmd_wrprotect(pmd)	pte_pmd(pte_wrprotect(pmd_pte(pmd)))
#define pmd_mkwrite_novma(pmd)	pte_pmd(pte_mkwrite_novma(pmd_pte(pmd)))
#define pmd_mkclean(pmd)	pte_pmd(pte_mkclean(pmd_pte(pmd)))
#define pmd_mkdirty(pmd)	pte_pmd(pte_mkdirty(pmd_pte(pmd)))
#define pmd_mkold(pmd)		pte_pmd(pte_mkold(pmd_pte(pmd)))
#define pmd_mkyoung(pmd)	pte_pmd(pte_mkyoung(pmd_pte(pmd)))

#define pmd_write(pmd)		pte_write(pmd_pte(pmd))
#define pmd_dirty(pmd)		pte_dirty(pmd_pte(pmd))
#define pmd_young(pmd)		pte_young(pmd_pte(pmd))

#define pfn_pmd(pfn, prot)	__pmd(((pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define mk_pmd(page, prot)	pfn_pmd(page_to_pfn(page), prot)

static inline pmd_t pmd_modify(pmd_t pmd, pgprot_t prot)
{
	return __pmd((pmd_val(pmd) & (_PAGE_CHG_MASK | _PAGE_HUGE)) | pgprot_val(prot));
}

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,
			      pmd_t pmd)
{
	*pmdp = pmd;
	wasm_tlb_mark(&mm->context, addr & PMD_MASK, (addr & PMD_MASK) + PMD_SIZE);
}

#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr,
					    pmd_t *pmdp)
{
	pmd_t pmd = *pmdp;

	set_pmd_at(mm, addr, pmdp, __pmd(0));
	return pmd;
}

#define pmdp_establish generic_pmdp_establish

#define update_mmu_cache_pmd(vma, addr, pmd)	do { } while (0)

#endif
