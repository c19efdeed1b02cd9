// SPDX-License-Identifier: GPL-2.0
/*
 * Other CPUs than the first.  A CPU is a thread of the host's that runs tasks; what one
 * has to say to another is a bit in a word of that one's, and an interrupt.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/interrupt.h>
#include <linux/memblock.h>
#include <linux/percpu.h>
#include <linux/percpu_counter.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/hotplug.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include <asm/host.h>
#include <asm/sections.h>
#include "smp.h"
#include "time.h"

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

/* Several CPUs have copies of what the linker made, each with room for more. */
static void __init setup_several(void)
{
	const size_t fixed = __per_cpu_end - __per_cpu_start;
	const size_t size = roundup_pow_of_two(max_t(size_t, PCPU_MIN_UNIT_SIZE,
						     fixed + PERCPU_DYNAMIC_RESERVE));
	unsigned int n = num_possible_cpus(), cpu;
	struct pcpu_alloc_info *ai = pcpu_alloc_alloc_info(1, n);
	void *chunk = memblock_alloc(n * size, PAGE_SIZE);

	if (!ai || !chunk)
		panic("there is no memory for per-CPU variables");
	wasm_percpu_delta = (unsigned long)chunk - (unsigned long)__per_cpu_start;
	for_each_possible_cpu(cpu) {
		memcpy(chunk + cpu * size, __per_cpu_start, fixed);
		__per_cpu_offset[cpu] = wasm_percpu_delta + cpu * size;
		ai->groups[0].cpu_map[cpu] = cpu;
	}
	ai->static_size = fixed;
	ai->dyn_size = size - fixed;
	ai->unit_size = size;
	ai->atom_size = size;
	ai->alloc_size = n * size;
	ai->groups[0].nr_units = n;
	pcpu_setup_first_chunk(ai, chunk);
	pcpu_free_alloc_info(ai);
}

void __init setup_per_cpu_areas(void)
{
	if (wasm_one_cpu)
		setup_one();
	else
		setup_several();
}

void __init wasm_smp_setup(void)
{
	unsigned int n = min_t(unsigned int, host_cpus(), NR_CPUS), cpu;

	wasm_one_cpu = n == 1;
	for (cpu = 0; cpu < n; cpu++) {
		set_cpu_possible(cpu, true);
		wasm_cpus[cpu].syscalls = (u64)cpu << 56;
	}
}

void __init smp_prepare_boot_cpu(void)
{
	wasm_cpu_offset = __per_cpu_offset[0];
}

void __init smp_prepare_cpus(unsigned int max_cpus)
{
	init_cpu_present(cpu_possible_mask);
}

void __init smp_cpus_done(unsigned int max_cpus)
{
}

/*
 * What is counted by each CPU in batches is known exactly where there is but one, and else
 * well enough for programs of some pages.
 */
static int __init set_batch(void)
{
	percpu_counter_batch = wasm_one_cpu ? 1 : 4;
	return 0;
}
late_initcall(set_batch);

static DECLARE_COMPLETION(cpu_runs);

/* Of this CPU nothing was known when its compiler began with the caller. */
static noinline void __noreturn run_cpu(void)
{
	unsigned int cpu = smp_processor_id();

	host_set_page(wasm_host_page());
	mmgrab(&init_mm);
	current->active_mm = &init_mm;
	wasm_timer_start();
	notify_cpu_starting(cpu);
	set_cpu_online(cpu, true);
	complete(&cpu_runs);
	local_irq_enable();
	cpu_startup_entry(CPUHP_AP_ONLINE_IDLE);
	BUG();
}

void __noreturn wasm_start_cpu(struct task_struct *idle)
{
	unsigned int cpu = task_cpu(idle);

	wasm_irq_flags = ARCH_IRQ_DISABLED;
	wasm_one_cpu = 0;
	wasm_current = idle;
	wasm_cpu = cpu;
	wasm_cpu_offset = __per_cpu_offset[cpu];
	run_cpu();
}

int __cpu_up(unsigned int cpu, struct task_struct *idle)
{
	int err = host_cpu_start(cpu, idle->thread.host);

	if (!err && !wait_for_completion_timeout(&cpu_runs, 10 * HZ))
		err = -EIO;
	if (err)
		pr_err("CPU %u: the host did not start it (%d)\n", cpu, err);
	return err;
}

/* --- what one CPU tells another --- */

enum { TELL_RESCHEDULE, TELL_CALL, TELL_STOP };

/* Who sends sets a bit and then interrupts; who is interrupted takes them all. */
static DEFINE_PER_CPU(unsigned long, told);

static void tell(unsigned int cpu, int what)
{
	set_bit(what, per_cpu_ptr(&told, cpu));
	host_cpu_kick(cpu);
}

static void __noreturn stop(void)
{
	set_cpu_online(smp_processor_id(), false);
	local_irq_disable();
	for (;;)
		host_idle();
}

void wasm_cpu_irq(void)
{
	unsigned long what = xchg(this_cpu_ptr(&told), 0);

	if (what & BIT(TELL_RESCHEDULE))
		scheduler_ipi();
	if (what & BIT(TELL_CALL))
		generic_smp_call_function_interrupt();
	if (what & BIT(TELL_STOP))
		stop();
}

void smp_send_stop(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (cpu != smp_processor_id())
			tell(cpu, TELL_STOP);
}

void arch_smp_send_reschedule(int cpu)
{
	tell(cpu, TELL_RESCHEDULE);
}

void arch_send_call_function_single_ipi(int cpu)
{
	tell(cpu, TELL_CALL);
}

void arch_send_call_function_ipi_mask(const struct cpumask *mask)
{
	unsigned int cpu;

	for_each_cpu(cpu, mask)
		tell(cpu, TELL_CALL);
}
