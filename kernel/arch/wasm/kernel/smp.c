// SPDX-License-Identifier: GPL-2.0
/*
 * Other CPUs than the first.  The host has none yet: cpu_possible_mask is what
 * boot_cpu_init() makes it, and nothing here is called for another one.
 */
#include <linux/cpu.h>
#include <linux/memblock.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/smp.h>

unsigned long wasm_percpu_delta;
unsigned long __per_cpu_offset[NR_CPUS];

/*
 * The only CPU's variables stay where they are.  The first chunk has those that are
 * made when the kernel runs, as it is without CONFIG_SMP; it wants some static ones,
 * which nobody uses.
 */
static void __init setup_one(void)
{
	const size_t size = roundup_pow_of_two(max_t(size_t, PCPU_MIN_UNIT_SIZE,
						     PERCPU_DYNAMIC_RESERVE));
	struct pcpu_alloc_info *ai = pcpu_alloc_alloc_info(1, 1);
	void *chunk = memblock_alloc(size, PAGE_SIZE);

	if (!ai || !chunk)
		panic("there is no memory for per-CPU variables");
	ai->static_size = PCPU_MIN_ALLOC_SIZE;
	ai->dyn_size = size - ai->static_size;
	ai->unit_size = size;
	ai->atom_size = size;
	ai->alloc_size = size;
	ai->groups[0].nr_units = 1;
	ai->groups[0].cpu_map[0] = 0;
	pcpu_setup_first_chunk(ai, chunk);
	pcpu_free_alloc_info(ai);
}

void __init setup_per_cpu_areas(void)
{
	setup_one();
}

void __init smp_prepare_boot_cpu(void)
{
}

void __init smp_prepare_cpus(unsigned int max_cpus)
{
}

void __init smp_cpus_done(unsigned int max_cpus)
{
}

int __cpu_up(unsigned int cpu, struct task_struct *idle)
{
	pr_err("CPU %u: the host has one CPU\n", cpu);
	return -ENODEV;
}

/* There is nobody to stop, or to send anything to. */
void smp_send_stop(void)
{
}

void arch_smp_send_reschedule(int cpu)
{
	BUG();
}

void arch_send_call_function_single_ipi(int cpu)
{
	BUG();
}

void arch_send_call_function_ipi_mask(const struct cpumask *mask)
{
	BUG();
}
