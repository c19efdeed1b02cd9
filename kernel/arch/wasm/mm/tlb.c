// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/mman.h>
#include <asm/host.h>
#include <asm/mmu_context.h>
#include <asm/pgtable.h>
#include <asm/tlbsync.h>

int wasm_tlb_due;

/* A run of pages that one call of the host maps, or unmaps (prot < 0). */
struct run {
	int id;
	int prot;
	unsigned long start, end, pa;
};

static int run_flush(struct run *run)
{
	unsigned long len = run->end - run->start;
	int err = 0;

	if (len)
		err = run->prot < 0 ? host_mm_unmap(run->id, run->start, len) :
			host_mm_map(run->id, run->start, run->pa, len, run->prot);
	run->start = run->end;
	return err;
}

static int run_add(struct run *run, unsigned long addr, unsigned long pa,
		   unsigned long len, int prot)
{
	int err;

	if (addr == run->end && prot == run->prot && run->end != run->start &&
	    (prot < 0 || pa == run->pa + (run->end - run->start))) {
		run->end += len;
		return 0;
	}
	err = run_flush(run);
	run->start = addr;
	run->end = addr + len;
	run->pa = pa;
	run->prot = prot;
	return err;
}

/*
 * A page that was not accessed since it got old, or not written since it got
 * clean, stays unmapped or read-only: the fault tells the kernel.
 */
static int pte_prot(pte_t pte)
{
	int prot = 0;

	if (!pte_present(pte) || !pte_young(pte))
		return -1;
	if (pte_read(pte))
		prot |= PROT_READ;
	if (pte_write(pte) && pte_dirty(pte))
		prot |= PROT_READ | PROT_WRITE;
	return prot ?: -1;
}

static int sync_table(struct run *run, pmd_t *pmd, unsigned long addr,
		      unsigned long end)
{
	pte_t *pte = pte_offset_kernel(pmd, addr);
	int err;

	for (; addr != end; addr += PAGE_SIZE, pte++) {
		if (!(pte_val(*pte) & _PAGE_SYNC))
			continue;
		err = run_add(run, addr, pte_val(*pte) & PAGE_MASK, PAGE_SIZE,
			      pte_prot(*pte));
		if (err)
			return err;
		*pte = __pte(pte_val(*pte) & ~_PAGE_SYNC);
	}
	return 0;
}

/*
 * Tells the host what changed.  On failure (the host is out of memory or of
 * mappings) the rest stays marked.
 */
int wasm_tlb_sync(struct mm_struct *mm)
{
	unsigned long addr = mm->context.sync_start, end = mm->context.sync_end;
	unsigned long next;
	struct run run = { .id = mm->context.id };
	pmd_t *pmd;
	int err = 0;

	for (; addr != end && !err; addr = next) {
		next = pgd_addr_end(addr, end);
		pmd = pmd_off(mm, addr);
		if (pmd_present(*pmd))
			err = sync_table(&run, pmd, addr, next);
		else
			err = run_add(&run, addr, 0, next - addr, -1);
	}
	if (!err)
		err = run_flush(&run);
	if (err)
		return err;
	mm->context.sync_start = 0;
	mm->context.sync_end = 0;
	return 0;
}

int init_new_context(struct task_struct *task, struct mm_struct *mm)
{
	int id = host_mm_create();

	if (id < 0)
		return id;
	mm->context = (mm_context_t) { .id = id };
	return 0;
}

void destroy_context(struct mm_struct *mm)
{
	host_mm_destroy(mm->context.id);
}
