// SPDX-License-Identifier: GPL-2.0
/*
 * struct page takes 8 MiB for 1 GiB of pages of 4 KiB, and to write them all takes half
 * of the time in which this kernel boots.  Most of a machine's memory is never used.  So
 * only the first part of it has them from the beginning.  What is behind is free memory,
 * in blocks of the largest order, of which the first page alone has its struct page
 * written, and PG_reserved; the others are zero, as all of this machine's memory is.
 * When a block is taken off its list, the others follow.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>
#include <asm/host.h>
#include <asm/late.h>
#include <../mm/internal.h>

#define EARLY	(64UL << 20)
#define BLOCK	((unsigned long)MAX_ORDER_NR_PAGES << PAGE_SHIFT)

extern char __heap_base[];	/* where the kernel ends */

static unsigned long late_start, late_end;

/* The last block of memory is there, too: a zone ends where memory does. */
void __init wasm_add_memory(unsigned long end)
{
	u64 early = (u64)host_initrd(NULL) + (unsigned long)__heap_base + EARLY +
		    (end >> PAGE_SHIFT) * sizeof(struct page);

	late_start = ALIGN(min(early, (u64)end), BLOCK);
	late_end = ALIGN_DOWN(end - 1, BLOCK);
	if (late_end <= late_start) {
		late_start = late_end = 0;
		memblock_add(PHYS_START, end - PHYS_START);
		return;
	}
	memblock_add(PHYS_START, late_start - PHYS_START);
	memblock_add(late_end, end - late_end);
}

static void __meminit init_page(struct page *page, struct page *like)
{
	mm_zero_struct_page(page);
	set_page_links(page, page_zonenum(like), page_to_nid(like), page_to_pfn(page));
	atomic_set(&page->_mapcount, -1);
	page_cpupid_reset_last(page);
	INIT_LIST_HEAD(&page->lru);
}

/* Called for the first block of its zone's memory, whose struct pages are written. */
static void __init add_block(struct page *page, struct page *like)
{
	struct zone *zone = page_zone(like);
	unsigned long flags;

	init_page(page, like);
	set_pageblock_migratetype(page, MIGRATE_MOVABLE);
	zone->present_pages += MAX_ORDER_NR_PAGES;
	zone->zone_pgdat->node_present_pages += MAX_ORDER_NR_PAGES;
	adjust_managed_page_count(page, MAX_ORDER_NR_PAGES);
	spin_lock_irqsave(&zone->lock, flags);
	__putback_isolated_page(page, MAX_PAGE_ORDER, MIGRATE_MOVABLE);
	__SetPageReserved(page);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void __init wasm_free_late_memory(void)
{
	struct page *like = pfn_to_page(min_low_pfn);
	unsigned long addr;

	if (late_start == late_end)
		return;
	for (addr = late_start; addr < late_end; addr += BLOCK)
		add_block(virt_to_page(addr), like);
	/* the number of tasks is by what memblock has */
	memblock_add(late_start, late_end - late_start);
}

void wasm_init_block(struct page *page)
{
	int i;

	__ClearPageReserved(page);
	for (i = 1; i < MAX_ORDER_NR_PAGES; i++)
		init_page(page + i, page);
}
