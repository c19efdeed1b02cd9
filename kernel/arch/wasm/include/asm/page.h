/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_PAGE_H
#define _ASM_WASM_PAGE_H

#include <linux/const.h>

#define PAGE_SHIFT	CONFIG_PAGE_SHIFT
#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

/* what a page table maps */
#define HPAGE_SHIFT	PMD_SHIFT
#define HPAGE_SIZE	(_AC(1, UL) << HPAGE_SHIFT)
#define HPAGE_MASK	(~(HPAGE_SIZE - 1))

/*
 * Linear memory is physical memory, at the same addresses; vmalloc space is
 * above it.  The host never maps the first 64 KiB: NULL is there.
 */
#define PAGE_OFFSET	0UL
#define PHYS_START	_AC(0x10000, UL)

#ifndef __ASSEMBLY__

#define clear_page(p)			memset((p), 0, PAGE_SIZE)
#define copy_page(to, from)		memcpy((to), (from), PAGE_SIZE)
#define clear_user_page(p, vaddr, pg)	clear_page(p)
#define copy_user_page(to, from, vaddr, pg) copy_page(to, from)

typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pgd; } pgd_t;
typedef struct { unsigned long pgprot; } pgprot_t;
typedef struct page *pgtable_t;

#define pte_val(x)	((x).pte)
#define pgd_val(x)	((x).pgd)
#define pgprot_val(x)	((x).pgprot)
#define __pte(x)	((pte_t) { (x) })
#define __pgd(x)	((pgd_t) { (x) })
#define __pgprot(x)	((pgprot_t) { (x) })

extern unsigned long memory_end;	/* bytes of physical memory */

#define __pa(x)			((unsigned long)(x))
#define __va(x)			((void *)(unsigned long)(x))
#define virt_to_pfn(x)		(__pa(x) >> PAGE_SHIFT)
#define pfn_to_virt(pfn)	__va((unsigned long)(pfn) << PAGE_SHIFT)
#define virt_to_page(x)		pfn_to_page(virt_to_pfn(x))
#define page_to_virt(p)		__va(page_to_pfn(p) << PAGE_SHIFT)
#define page_to_phys(p)		((phys_addr_t)page_to_pfn(p) << PAGE_SHIFT)
#define virt_addr_valid(x)	((unsigned long)(x) >= PHYS_START && \
				 (unsigned long)(x) < memory_end)

/* code is not in linear memory */
#define VM_DATA_DEFAULT_FLAGS	VM_DATA_FLAGS_NON_EXEC

#endif
#include <asm-generic/memory_model.h>
#include <asm-generic/getorder.h>
#endif
