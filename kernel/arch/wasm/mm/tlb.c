// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <asm/host.h>
#include <asm/mmu_context.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <asm/tlbsync.h>
#include <asm/vmalloc.h>

/*
 * A run of pages that one call of the host maps, or unmaps (prot < 0): then with
 * what lies between them, of which the host has nothing.
 */
struct run {
	mm_context_t *context;
	int prot;
	unsigned long start, end, pa;
	unsigned long empty;	/* the end of what follows, and is not mapped */
};

/* An instruction may need several pages at once. */
#define FEW 16

static void count_refusals(mm_context_t *context, int err)
{
	if (err) {
		context->refused++;
		context->mapped = 0;
	} else if (++context->mapped == FEW) {
		context->refused = 0;
	}
}

static int run_flush(struct run *run)
{
	unsigned long len = run->end - run->start, start = run->start;
	int err;

	run->start = run->end;
	if (!len)
		return 0;
	if (run->prot < 0)
		return host_mm_unmap(run->context->id, start, len);
	err = host_mm_map(run->context->id, start, run->pa, len, run->prot);
	count_refusals(run->context, err);
	return err;
}

static int run_add(struct run *run, unsigned long addr, unsigned long pa,
		   unsigned long len, int prot)
{
	int err;

	if (prot == run->prot && run->end != run->start &&
	    (prot < 0 ? addr == run->empty :
	     addr == run->end && pa == run->pa + (run->end - run->start))) {
		run->end = run->empty = addr + len;
		return 0;
	}
	err = run_flush(run);
	run->start = addr;
	run->end = run->empty = addr + len;
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

#define CHUNK_SIZE	(1UL << WASM_CHUNK_SHIFT)
#define CHUNK_PAGES	(CHUNK_SIZE / PAGE_SIZE)

/* NULL if there is no table: a huge page may be there. */
static pte_t *chunk_ptes(pmd_t *pmd, unsigned long addr)
{
	return pmd_present(*pmd) && !pmd_leaf(*pmd) ? pte_offset_kernel(pmd, addr) : NULL;
}

/* The mark goes before the host is told: who changes the entry then sets it again. */
static pte_t take_mark(pte_t *pte)
{
	pte_t old = READ_ONCE(*pte);

	while (!try_cmpxchg(&pte_val(*pte), &pte_val(old), pte_val(old) & ~_PAGE_SYNC))
		;
	return old;
}

/* Of an entry that its lock's owner may change. */
static void mark_pte(pte_t *pte)
{
	__atomic_fetch_or(&pte_val(*pte), _PAGE_SYNC, __ATOMIC_SEQ_CST);
}

static int sync_chunk(struct mm_struct *mm, struct run *run, unsigned long addr)
{
	pmd_t *pmd = pmd_off(mm, addr);
	pte_t *pte = chunk_ptes(pmd, addr), huge, now;
	int i, err;
	pmd_t upper = READ_ONCE(*pmd);

	if (pmd_leaf(upper)) {
		huge = pmd_pte_at(upper, addr);
		return run_add(run, addr, pte_val(huge) & PAGE_MASK, CHUNK_SIZE, pte_prot(huge));
	}
	/* the table is gone, and with it all that it mapped */
	if (!pte)
		return run_add(run, addr, 0, CHUNK_SIZE, -1);
	for (i = 0; i < CHUNK_PAGES; i++, pte++, addr += PAGE_SIZE) {
		if (!(pte_val(*pte) & _PAGE_SYNC)) {
			if (addr == run->empty && pte_prot(*pte) < 0)
				run->empty += PAGE_SIZE;
			continue;
		}
		now = take_mark(pte);
		err = run_add(run, addr, pte_val(now) & PAGE_MASK, PAGE_SIZE, pte_prot(now));
		if (err)
			return err;
	}
	return 0;
}

/*
 * The host is to be told of every page; of a program's, only when it is used: a
 * copy of the machine may be there for little of what was made before.
 */
static void mark_all(struct mm_struct *mm)
{
	unsigned long chunk, addr;
	pmd_t *pmd;
	pte_t *pte;
	int i;

	for_each_set_bit(chunk, mm->context.used, WASM_CHUNKS) {
		set_bit(chunk, mm->context.dirty);
		addr = chunk << WASM_CHUNK_SHIFT;
		pmd = pmd_off(mm, addr);
		if (pmd_leaf(*pmd))
			__atomic_fetch_and(&pmd_val(*pmd), ~_PAGE_ACCESSED, __ATOMIC_SEQ_CST);
		pte = chunk_ptes(pmd, addr);
		for (i = 0; pte && i < CHUNK_PAGES; i++) {
			if (mm != &init_mm)
				__atomic_fetch_and(&pte_val(pte[i]), ~_PAGE_ACCESSED,
						   __ATOMIC_SEQ_CST);
			mark_pte(pte + i);
		}
	}
}

/*
 * What the host has is not known any more: it has nothing, and is told all.  To
 * unmap all takes no room; a host that cannot do that ends the machine.
 */
static void start_anew(struct mm_struct *mm)
{
	host_mm_unmap(mm->context.id, 0, TASK_SIZE);
	mark_all(mm);
}

void wasm_tlb_forget(struct mm_struct *mm)
{
	spin_lock(&mm->context.lock);
	/* the kernel's is in use; to map a page twice does no harm */
	if (mm == &init_mm)
		mark_all(mm);
	else
		start_anew(mm);
	spin_unlock(&mm->context.lock);
}

/* Init has few, and without it there is no machine. */
void wasm_tlb_forget_programs(void)
{
	struct task_struct *p, *t;

	rcu_read_lock();
	for_each_process(p) {
		t = is_global_init(p) ? NULL : find_lock_task_mm(p);
		if (!t)
			continue;
		wasm_tlb_forget(t->mm);
		task_unlock(t);
	}
	rcu_read_unlock();
}

int wasm_tlb_refused(struct mm_struct *mm)
{
	switch (mm->context.refused) {
	case 0:
		/* only part of what it had could not be unmapped: all was */
	case 1:
		return 0;
	case 2:
		/* others have it all */
		wasm_tlb_forget_programs();
		return 0;
	default:
		mm->context.refused = 0;
		return -ENOMEM;
	}
}

/* The host refused a run of pages of the chunk, whose marks are gone. */
static void mark_chunk(struct mm_struct *mm, unsigned long chunk)
{
	unsigned long addr = chunk << WASM_CHUNK_SHIFT;
	pte_t *pte = chunk_ptes(pmd_off(mm, addr), addr);
	int i;

	for (i = 0; pte && i < CHUNK_PAGES; i++)
		mark_pte(pte + i);
	set_bit(chunk, mm->context.dirty);
}

static int sync_chunks(struct mm_struct *mm)
{
	mm_context_t *context = &mm->context;
	struct run run = { .context = context };
	unsigned long chunk;
	int err;

	for_each_set_bit(chunk, context->dirty, WASM_CHUNKS) {
		/* before its entries are looked at: what is marked later is for the next one */
		clear_bit(chunk, context->dirty);
		err = sync_chunk(mm, &run, chunk << WASM_CHUNK_SHIFT);
		if (!err)
			err = run_flush(&run);
		if (err) {
			mark_chunk(mm, chunk);
			return err;
		}
	}
	return 0;
}

/*
 * Tells the host what changed.  If it refuses some of a program's, it is to have
 * nothing: what it has is not what the page tables say.  What the kernel itself
 * has in use stays.
 */
static int sync_marked(struct mm_struct *mm)
{
	int err;

	spin_lock(&mm->context.lock);
	err = sync_chunks(mm);
	if (err && mm != &init_mm)
		start_anew(mm);
	spin_unlock(&mm->context.lock);
	return err;
}

/*
 * All that is marked, or an error: what was unmapped and the host could not unmap
 * then, flush_tlb_kernel_range() being unable to say so, goes before its place is used.
 */
int wasm_vmap_sync(void)
{
	int err = wasm_tlb_sync(&init_mm);

	if (likely(!err))
		return 0;
	/* the kernel cannot do without, programs can */
	wasm_tlb_forget_programs();
	return wasm_tlb_sync(&init_mm);
}

/*
 * A page table goes, and with it the marks in it; another may come to its place
 * before the host is told.  Pages of a dying mm are nobody's to see any more.
 */
void wasm_tlb_free_table(struct mm_struct *mm)
{
	if (atomic_read(&mm->mm_users))
		sync_marked(mm);

}

/* Also while another CPU tells the host, who has taken the marks. */
bool wasm_tlb_stale(struct mm_struct *mm)
{
	if (!bitmap_empty(mm->context.dirty, WASM_CHUNKS))
		return true;
	smp_rmb();
	return !wasm_one_cpu && spin_is_locked(&mm->context.lock);
}

void wasm_tlb_flush(struct mm_struct *mm)
{
	/* nobody will run it any more */
	if (!atomic_read(&mm->mm_users))
		return;
	/* after the marks: switch_mm() has it the other way round */
	smp_mb();
	if (cpumask_any_but(mm_cpumask(mm), smp_processor_id()) < nr_cpu_ids)
		sync_marked(mm);
}

int wasm_tlb_sync(struct mm_struct *mm)
{
	return sync_marked(mm);
}

int init_new_context(struct task_struct *task, struct mm_struct *mm)
{
	int id = host_mm_create();

	if (id < 0)
		return id;
	mm->context = (mm_context_t) { .id = id };
	spin_lock_init(&mm->context.lock);
	return 0;
}

int arch_dup_mmap(struct mm_struct *old, struct mm_struct *mm)
{
	return host_mm_fork(mm->context.id, old->context.id);
}

void destroy_context(struct mm_struct *mm)
{
	host_mm_destroy(mm->context.id);
}
