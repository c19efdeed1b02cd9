// SPDX-License-Identifier: GPL-2.0
/* Interrupts are the bits of irq_pending, of which each CPU has its own. */
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <asm/host_page.h>
#include <asm/image.h>
#include <asm/irq_regs.h>
#include <asm/user_mode.h>
#include "../drivers/drivers.h"
#include "freeze.h"
#include "smp.h"
#include "time.h"

struct wasm_cpu wasm_cpus[NR_CPUS];

static DEFINE_PER_CPU(unsigned long [4], counts);

static void dispatch(unsigned int pending)
{
	unsigned int bit;

	for (bit = 0; bit < 4; bit++)
		__this_cpu_add(counts[bit], pending >> bit & 1);
	/* before anything that wants to know the time, or uses vmalloc space */
	if (pending & HOST_IRQ_THAW)
		wasm_thaw();
	if (pending & HOST_IRQ_FREEZE)
		wasm_freeze();
	if (pending & HOST_IRQ_CPU)
		wasm_cpu_irq();
	if (pending & HOST_IRQ_CLOCK)
		wasm_clock_irq();
	if (pending & HOST_IRQ_TIMER)
		wasm_timer_irq();
	if (pending & HOST_IRQ_STREAM)
		wasm_stream_irq();
	if (pending & HOST_IRQ_TTY)
		wasm_tty_irq();
	if (pending & HOST_IRQ_WINCH)
		wasm_tty_winch();
	if (pending & HOST_IRQ_NET)
		wasm_net_irq();
	if (pending & HOST_IRQ_DISK)
		wasm_disk_irq();
	if (pending & HOST_IRQ_LOAD)
		wasm_load_irq();
}

/*
 * The host raises bits from its signal handlers and from other threads.  Without
 * the target's atomics, xchg() would be a load and a store: what is raised in
 * between would be lost.
 */
static unsigned int take_pending(void)
{
	return xchg(&wasm_host_page()->irq_pending, 0);
}

static void handle_irqs(struct pt_regs *regs)
{
	struct pt_regs *old = set_irq_regs(regs);
	unsigned int pending;

	wasm_irq_flags = ARCH_IRQ_DISABLED;
	while ((pending = take_pending())) {
		irq_enter();
		dispatch(pending);
		irq_exit();
	}
	wasm_irq_flags = ARCH_IRQ_ENABLED;
	set_irq_regs(old);
}

/* The kernel was interrupted: it has just enabled interrupts. */
void wasm_handle_irqs(void)
{
	static struct pt_regs kernel_regs;

	if (!in_hardirq())
		handle_irqs(&kernel_regs);
}

void wasm_user_irq(void)
{
	handle_irqs(current_pt_regs());
	wasm_user_work();
}

void __init init_IRQ(void)
{
}

int arch_show_interrupts(struct seq_file *p, int prec)
{
	static const char *const names[] = { "TMR", "STR", "TTY", "WIN" };
	int i, cpu;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		seq_printf(p, "%*s:", prec, names[i]);
		for_each_online_cpu(cpu)
			seq_printf(p, " %10lu", per_cpu(counts, cpu)[i]);
		seq_putc(p, '\n');
	}
	return 0;
}
