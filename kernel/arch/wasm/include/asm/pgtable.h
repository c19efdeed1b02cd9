/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two levels.  Page tables are data: the kernel walks them to reach user
 * memory, and wasm_tlb_sync() has the host map what they say before user code
 * runs again.  A table is a page: of 4 KiB, 4 MiB of addresses; of 64 KiB, 1 GiB.
 */
#ifndef _ASM_WASM_PGTABLE_H
#define _ASM_WASM_PGTABLE_H

#include <asm-generic/pgtable-nopmd.h>
#include <asm/late.h>
#include <asm/page.h>

#define PGDIR_SHIFT	(PAGE_SHIFT + PAGE_SHIFT - 2)
#define PGDIR_SIZE	(_AC(1, UL) << PGDIR_SHIFT)
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))
#define PTRS_PER_PTE	(PAGE_SIZE / 4)
#define PTRS_PER_PGD	(1 << (32 - PGDIR_SHIFT))

#define _PAGE_PRESENT	0x001
#define _PAGE_SYNC	0x002	/* changed since the host was told */
#define _PAGE_NONE	0x004	/* PROT_NONE: present, but no access */
#define _PAGE_READ	0x008
#define _PAGE_WRITE	0x010
#define _PAGE_ACCESSED	0x020
#define _PAGE_DIRTY	0x040
#define _PAGE_SPECIAL	0x080
#define _PAGE_HUGE	0x100	/* of the upper table: no table, but memory */

/* of an entry that is not present */
#define _PAGE_SWP_EXCLUSIVE 0x004

#define _PAGE_TABLE	(_PAGE_PRESENT | _PAGE_READ | _PAGE_WRITE | \
			 _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_CHG_MASK	(PAGE_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL)

#define PAGE_NONE	__pgprot(_PAGE_PRESENT | _PAGE_NONE | _PAGE_ACCESSED)
#define PAGE_READONLY	__pgprot(_PAGE_PRESENT | _PAGE_READ | _PAGE_ACCESSED)
#define PAGE_COPY	PAGE_READONLY
#define PAGE_SHARED	__pgprot(_PAGE_PRESENT | _PAGE_READ | _PAGE_WRITE | _PAGE_ACCESSED)
#define PAGE_KERNEL	__pgprot(_PAGE_TABLE)

/* vmalloc space: physical memory ends below it (host: at most 3.5 GiB) */
#define VMALLOC_START	0xe0000000UL
#define VMALLOC_END	0xfff00000UL

#ifndef __ASSEMBLY__

#include <linux/mm_types.h>
#include <asm/tlbsync.h>

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];
extern char empty_zero_page[PAGE_SIZE];
#define ZERO_PAGE(vaddr)	virt_to_page(empty_zero_page)
/*
 * A page of its own for memory that is only read, too: the host has few enough
 * mappings (vm.max_map_count), and a zero page would cost one for each place.
 */
#define mm_forbids_zeropage(mm)	true

#define pte_ERROR(e) pr_err("%s:%d: bad pte %08lx\n", __FILE__, __LINE__, pte_val(e))
#define pgd_ERROR(e) pr_err("%s:%d: bad pgd %08lx\n", __FILE__, __LINE__, pgd_val(e))

#define pmd_none(x)		(!pmd_val(x))
#define pmd_present(x)		(pmd_val(x) & (_PAGE_PRESENT | _PAGE_HUGE))
#define pmd_bad(x)		((pmd_val(x) & ~PAGE_MASK) != _PAGE_TABLE)
#define pmd_clear(p)		((void)(*(p) = __pmd(0)))
#define set_pmd(p, v)		(*(p) = (v))
#define pmd_pfn(x)		(pmd_val(x) >> PAGE_SHIFT)
#define pmd_page(x)		pfn_to_page(pmd_pfn(x))
#define pmd_page_vaddr(x)	((unsigned long)__va(pmd_val(x) & PAGE_MASK))

#define PFN_PTE_SHIFT		PAGE_SHIFT
#define pte_pfn(x)		(pte_val(x) >> PAGE_SHIFT)
#define pte_page(x)		pfn_to_page(pte_pfn(x))
#define pfn_pte(pfn, prot)	__pte(((pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define mk_pte(page, prot)	pfn_pte(page_to_pfn(page), prot)

/* an entry that was cleared, but is still mapped by the host, is none too */
#define pte_none(x)		(!(pte_val(x) & ~_PAGE_SYNC))
#define pte_present(x)		(pte_val(x) & _PAGE_PRESENT)

static inline int pte_read(pte_t pte)	{ return pte_val(pte) & _PAGE_READ; }
static inline int pte_write(pte_t pte)	{ return pte_val(pte) & _PAGE_WRITE; }
static inline int pte_dirty(pte_t pte)	{ return pte_val(pte) & _PAGE_DIRTY; }
static inline int pte_young(pte_t pte)	{ return pte_val(pte) & _PAGE_ACCESSED; }
static inline int pte_special(pte_t pte) { return pte_val(pte) & _PAGE_SPECIAL; }

#define WASM_PTE_OP(name, op) \
static inline pte_t pte_##name(pte_t pte) { return __pte(pte_val(pte) op); }
WASM_PTE_OP(wrprotect, & ~_PAGE_WRITE)
WASM_PTE_OP(mkwrite_novma, | _PAGE_WRITE | _PAGE_READ)
WASM_PTE_OP(mkclean, & ~_PAGE_DIRTY)
WASM_PTE_OP(mkdirty, | _PAGE_DIRTY)
WASM_PTE_OP(mkold, & ~_PAGE_ACCESSED)
WASM_PTE_OP(mkyoung, | _PAGE_ACCESSED)
WASM_PTE_OP(mkspecial, | _PAGE_SPECIAL)
WASM_PTE_OP(swp_mkexclusive, | _PAGE_SWP_EXCLUSIVE)
WASM_PTE_OP(swp_clear_exclusive, & ~_PAGE_SWP_EXCLUSIVE)

static inline int pte_swp_exclusive(pte_t pte)
{
	return pte_val(pte) & _PAGE_SWP_EXCLUSIVE;
}

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | pgprot_val(prot));
}

#define __HAVE_ARCH_PTE_SAME
static inline int pte_same(pte_t a, pte_t b)
{
	return !((pte_val(a) ^ pte_val(b)) & ~_PAGE_SYNC);
}

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	*ptep = __pte(pte_val(pte) | _PAGE_SYNC);
}

#define set_ptes set_ptes
static inline void set_ptes(struct mm_struct *mm, unsigned long addr,
			    pte_t *ptep, pte_t pte, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		set_pte(ptep + i, __pte(pte_val(pte) + i * PAGE_SIZE));
	wasm_tlb_mark(&mm->context, addr, addr + nr * PAGE_SIZE);
}

#define pte_clear(mm, addr, ptep) wasm_pte_clear(mm, addr, ptep)
static inline void wasm_pte_clear(struct mm_struct *mm, unsigned long addr,
				  pte_t *ptep)
{
	*ptep = __pte(_PAGE_SYNC);
	wasm_tlb_mark(&mm->context, addr, addr + PAGE_SIZE);
}

#define update_mmu_cache(vma, addr, ptep)			do { } while (0)
#define update_mmu_cache_range(vmf, vma, addr, ptep, nr)	do { } while (0)

/* there is no swap: entries are migration and poison marks */
#define __swp_type(x)		(((x).val >> 3) & 0x1f)
#define __swp_offset(x)		((x).val >> 12)
#define __swp_entry(type, offset) \
	((swp_entry_t) { (((type) & 0x1f) << 3) | ((offset) << 12) })
#define __pte_to_swp_entry(pte)	((swp_entry_t) { pte_val(pte) & ~_PAGE_SYNC })
#define __swp_entry_to_pte(x)	((pte_t) { (x).val })

/* Page addr of an entry that is memory, as if that page had an entry of its own. */
static inline pte_t pmd_pte_at(pmd_t pmd, unsigned long addr)
{
	return __pte((pmd_val(pmd) & ~_PAGE_HUGE) | (addr & ~PMD_MASK & PAGE_MASK));
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
#include <asm/hugepage.h>
#endif

void paging_init(void);

#endif
#endif
