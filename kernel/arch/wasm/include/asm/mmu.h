/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_MMU_H
#define _ASM_WASM_MMU_H

#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <asm/page.h>

/* Page tables are looked through in pieces of 16 MiB. */
/* 256 pages; no more than a page table has */
#define WASM_CHUNK_SHIFT	(PAGE_SHIFT + 8)
#define WASM_CHUNKS		(1 << (32 - WASM_CHUNK_SHIFT))

typedef struct {
	int id;				/* the host's name for the address space */
	/*
	 * Of several CPUs: who looks at page tables without their own lock has this one,
	 * and so what is told to the host is told in its order.  A table that was taken
	 * out of the tree, or a page that was taken out of a table, is in use until this
	 * lock was had since.  Taken with a table's lock held, not the other way round.
	 */
	spinlock_t lock;
	/* pages that the host mapped since it last refused one, and how often it did */
	unsigned int mapped, refused;
	/* chunks with entries that the host does not know */
	DECLARE_BITMAP(dirty, WASM_CHUNKS);
	/* chunks that had an entry since the address space was made */
	DECLARE_BITMAP(used, WASM_CHUNKS);
} mm_context_t;

#endif
