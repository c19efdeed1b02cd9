// SPDX-License-Identifier: GPL-2.0
/*
 * Boot images: the host keeps the machine in a file, and other machines go on
 * from there: in host_frozen(), whatever its programs do meanwhile.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/swap.h>
#include <linux/syscalls.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/host.h>
#include <asm/hostfs.h>
#include <asm/tlbsync.h>
#include "freeze.h"

static void free_area_to_host(struct free_area *area, unsigned int order)
{
	struct page *page;
	int type;

	for (type = 0; type < MIGRATE_TYPES; type++)
		list_for_each_entry(page, &area->free_list[type], buddy_list)
			host_memory_free(page_to_phys(page), PAGE_SIZE << order);
}

static void free_memory_to_host(void)
{
	struct zone *zone;
	unsigned long flags;
	unsigned int order;

	for_each_populated_zone(zone) {
		spin_lock_irqsave(&zone->lock, flags);
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			free_area_to_host(&zone->free_area[order], order);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

/* A copy of the machine has none of the host's mappings. */
static void forget_mappings(void)
{
	wasm_tlb_forget_programs();
	wasm_tlb_forget(init_pid_ns.child_reaper->mm);
	wasm_tlb_forget(&init_mm);
}

/*
 * What is to be written to the host must not be written by each copy.  Nothing
 * else runs from there on: each task is where it was switched away from, and the
 * copy takes its first interrupt, HOST_IRQ_THAW, before anything else.
 */
static void freeze(struct work_struct *work)
{
	unsigned long flags;

	lru_add_drain_all();
	drain_all_pages(NULL);
	ksys_sync();
	hostfs_forget();
	local_irq_save(flags);
	forget_mappings();
	free_memory_to_host();
	host_frozen();
	local_irq_restore(flags);
}
static DECLARE_WORK(freeze_work, freeze);

/* Not behind whatever programs compute. */
void wasm_freeze(void)
{
	queue_work(system_highpri_wq, &freeze_work);
}

/* No two copies may have the same time, or the same random numbers. */
void wasm_thaw(void)
{
	struct timespec64 now;
	u8 seed[32];

	/* part of the kernel's memory is not there: it cannot even say so */
	if (wasm_tlb_sync(&init_mm))
		host_halt(HOST_NO_MEMORY);
	read_persistent_clock64(&now);
	do_settimeofday64(&now);
	host_random(seed, sizeof(seed));
	add_vmfork_randomness(seed, sizeof(seed));
	memzero_explicit(seed, sizeof(seed));
	wasm_resumed();
}
