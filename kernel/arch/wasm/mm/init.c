// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <asm/late.h>
#include <asm/pgtable.h>

unsigned long memory_end;
pgd_t swapper_pg_dir[PTRS_PER_PGD];
char empty_zero_page[PAGE_SIZE] __page_aligned_bss;

void __init paging_init(void)
{
	unsigned long max_zone_pfn[MAX_NR_ZONES] = { 0 };

	min_low_pfn = PFN_DOWN(PHYS_START);
	max_low_pfn = max_pfn = PFN_DOWN(memory_end);
	max_zone_pfn[ZONE_NORMAL] = max_low_pfn;
	free_area_init(max_zone_pfn);
}

void __init mem_init(void)
{
	max_mapnr = max_low_pfn;
	high_memory = (void *)memory_end;
	memblock_free_all();
	wasm_free_late_memory();
}

/* data of __init stays: what it shares pages with is in use */
void free_initmem(void)
{
}

static const pgprot_t protection_map[16] = {
	[VM_NONE]					= PAGE_NONE,
	[VM_READ]					= PAGE_READONLY,
	[VM_WRITE]					= PAGE_COPY,
	[VM_WRITE | VM_READ]				= PAGE_COPY,
	[VM_EXEC]					= PAGE_READONLY,
	[VM_EXEC | VM_READ]				= PAGE_READONLY,
	[VM_EXEC | VM_WRITE]				= PAGE_COPY,
	[VM_EXEC | VM_WRITE | VM_READ]			= PAGE_COPY,
	[VM_SHARED]					= PAGE_NONE,
	[VM_SHARED | VM_READ]				= PAGE_READONLY,
	[VM_SHARED | VM_WRITE]				= PAGE_SHARED,
	[VM_SHARED | VM_WRITE | VM_READ]		= PAGE_SHARED,
	[VM_SHARED | VM_EXEC]				= PAGE_READONLY,
	[VM_SHARED | VM_EXEC | VM_READ]			= PAGE_READONLY,
	[VM_SHARED | VM_EXEC | VM_WRITE]		= PAGE_SHARED,
	[VM_SHARED | VM_EXEC | VM_WRITE | VM_READ]	= PAGE_SHARED
};
DECLARE_VM_GET_PAGE_PROT

/*
 * The host maps a folio by one call, however large it is, and has few mappings
 * (vm.max_map_count): anonymous memory comes in pieces of 64 KiB where there is room.
 */
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static int __init init_folios(void)
{
	huge_anon_orders_always |= BIT(16 - PAGE_SHIFT);
	return 0;
}
core_initcall(init_folios);
#endif
