/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_CACHEFLUSH_H
#define _ASM_WASM_CACHEFLUSH_H

#include <asm/tlbsync.h>

extern struct mm_struct init_mm;

/* a new mapping of the kernel's is used at once */
#define flush_cache_vmap(start, end)		wasm_tlb_sync(&init_mm)
#define flush_cache_vmap_early(start, end)	wasm_tlb_sync(&init_mm)

#include <asm-generic/cacheflush.h>
#endif
