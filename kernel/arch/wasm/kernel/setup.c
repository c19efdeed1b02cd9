// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/panic_notifier.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <asm/host.h>
#include <asm/late.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <asm/user_mode.h>
#include "../drivers/drivers.h"
#include "smp.h"

extern char __heap_base[];	/* wasm-ld: the first address after .bss */

static char __initdata cmdline[COMMAND_LINE_SIZE];

static void __init reserve_initrd(unsigned long addr)
{
	unsigned long size = host_initrd(NULL);

	if (!size || addr + size > memory_end)
		return;
	memblock_reserve(addr, size);
	host_initrd((void *)addr);
	initrd_start = addr;
	initrd_end = addr + size;
}

static void __init seed_random(void)
{
	u8 seed[32];

	host_random(seed, sizeof(seed));
	add_bootloader_randomness(seed, sizeof(seed));
	memzero_explicit(seed, sizeof(seed));
}

/*
 * Programs keep in memory what registers have elsewhere: clang gives each structure
 * that is passed by value a place of its own.  A frame of 104 bytes for x86-64 has
 * 1,088 here, and what runs in 8 MiB natively does in ten times that.
 */
static void __init limit_stacks(void)
{
	current->signal->rlim[RLIMIT_STACK].rlim_cur = SZ_64M;
}

void __init setup_arch(char **cmdline_p)
{
	unsigned long kernel_end = PAGE_ALIGN((unsigned long)__heap_base);

	wasm_smp_setup();
	host_set_page(wasm_host_page());
	host_cmdline(cmdline, sizeof(cmdline));
	strscpy(boot_command_line, cmdline, COMMAND_LINE_SIZE);
	*cmdline_p = cmdline;
	parse_early_param();
	memory_end = host_memory_size() & PAGE_MASK;
	wasm_add_memory(memory_end);
	memblock_reserve(PHYS_START, kernel_end - PHYS_START);
	reserve_initrd(kernel_end);
	paging_init();
	seed_random();
	limit_stacks();
	/* what was said so far, as far as the command line wants it */
	wasm_early_console();
}

static int panic_event(struct notifier_block *nb, unsigned long ev, void *msg)
{
	host_halt(HOST_PANIC);
}

static struct notifier_block panic_block = {
	.notifier_call = panic_event,
	.priority = INT_MIN,	/* after those that print */
};

static void power_off(void)
{
	host_halt(HOST_POWER_OFF);
}

void (*pm_power_off)(void) = power_off;

static int __init reboot_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}
core_initcall(reboot_init);

void machine_restart(char *cmd)
{
	host_halt(HOST_RESTART_MACHINE);
}

void machine_halt(void)
{
	host_halt(HOST_POWER_OFF);
}

void machine_power_off(void)
{
	host_halt(HOST_POWER_OFF);
}

static int cpuinfo_show(struct seq_file *m, void *v)
{
	seq_printf(m, "processor\t: %ld\nmodel name\t: wasm32\n\n", (long)v - 1);
	return 0;
}

/* The number of a CPU, and 1: that of the first is no pointer. */
static void *cpuinfo_start(struct seq_file *m, loff_t *pos)
{
	*pos = cpumask_next(*pos - 1, cpu_online_mask);
	return *pos < nr_cpu_ids ? (void *)(long)(*pos + 1) : NULL;
}

static void *cpuinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return cpuinfo_start(m, pos);
}

static void cpuinfo_stop(struct seq_file *m, void *v)
{
}

const struct seq_operations cpuinfo_op = {
	.start	= cpuinfo_start,
	.next	= cpuinfo_next,
	.stop	= cpuinfo_stop,
	.show	= cpuinfo_show,
};
