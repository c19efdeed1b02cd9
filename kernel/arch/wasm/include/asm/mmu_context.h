/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_MMU_CONTEXT_H
#define _ASM_WASM_MMU_CONTEXT_H

#include <linux/mm_types.h>
#include <linux/smp.h>
#include <asm/vcpu.h>

/* fork: mm has become a copy of old */
int arch_dup_mmap(struct mm_struct *old, struct mm_struct *mm);

static inline void arch_exit_mmap(struct mm_struct *mm)
{
}

static inline void arch_unmap(struct mm_struct *mm, unsigned long start,
			      unsigned long end)
{
}

static inline bool arch_vma_access_permitted(struct vm_area_struct *vma,
					     bool write, bool execute, bool foreign)
{
	return true;
}

#define init_new_context init_new_context
int init_new_context(struct task_struct *task, struct mm_struct *mm);
#define destroy_context destroy_context
void destroy_context(struct mm_struct *mm);

/*
 * User code names its address space when it is entered: host_user_run().  Which CPUs
 * run it is for wasm_tlb_flush(): who is in the mask looks for marks later.
 */
static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *tsk)
{
#ifdef CONFIG_SMP
	if (wasm_one_cpu)
		return;
	if (prev != next)
		cpumask_clear_cpu(smp_processor_id(), mm_cpumask(prev));
	cpumask_set_cpu(smp_processor_id(), mm_cpumask(next));
#endif
}

#define enter_lazy_tlb enter_lazy_tlb
static inline void enter_lazy_tlb(struct mm_struct *mm, struct task_struct *tsk)
{
#ifdef CONFIG_SMP
	if (!wasm_one_cpu)
		cpumask_clear_cpu(smp_processor_id(), mm_cpumask(mm));
#endif
}

#include <asm-generic/mmu_context.h>

#endif
