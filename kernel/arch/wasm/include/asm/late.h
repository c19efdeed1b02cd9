/* SPDX-License-Identifier: GPL-2.0 */
/* Memory whose struct pages are written when it is first used: mm/late.c. */
#ifndef _ASM_WASM_LATE_H
#define _ASM_WASM_LATE_H

struct page;

/* Instead of memblock_add(), of all physical memory. */
void wasm_add_memory(unsigned long end);
/* After memblock_free_all(). */
void wasm_free_late_memory(void);
void wasm_init_block(struct page *page);

/* A free block leaves its list. */
#define arch_take_free_block(page)			\
do {							\
	if (unlikely(PageReserved(page)))		\
		wasm_init_block(page);			\
} while (0)

#endif
