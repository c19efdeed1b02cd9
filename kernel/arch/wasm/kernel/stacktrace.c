// SPDX-License-Identifier: GPL-2.0
/* Frames are on native stacks, and names in the host's program: it tells both. */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <asm/host.h>
#include <asm/host_symbol.h>

#define FRAMES_MAX 64

/*
 * There are no sections of text, where others find what is __sched: how a task waits,
 * and not what for.
 */
static bool is_waiting(unsigned long place)
{
	static const char * const prefixes[] = {
		"wasm_switch", "__switch_to", "__schedule", "schedule", "io_schedule", "wait_for_", "__wait_for_",
		"do_wait_for_", "mutex_lock", "__mutex_lock", "rwsem_down_", "down_", "__down_",
		"do_nanosleep", "bit_wait", "out_of_line_wait_", "usleep_range_",
	};
	struct host_symbol s;
	int i;

	if (host_symbol(place, &s))
		return false;
	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strstarts(s.name, prefixes[i]))
			return true;
	return false;
}

void arch_stack_walk(stack_trace_consume_fn consume_entry, void *cookie,
		     struct task_struct *task, struct pt_regs *regs)
{
	u32 places[FRAMES_MAX];
	long n, i = 0;

	if (!task)
		task = current;
	n = host_task_frames(task->thread.host, places, ARRAY_SIZE(places));
	if (task != current)
		while (i < n && is_waiting(places[i]))
			i++;
	while (i < n && consume_entry(cookie, places[i]))
		i++;
}

static bool first(void *cookie, unsigned long place)
{
	*(unsigned long *)cookie = place;
	return false;
}

unsigned long __get_wchan(struct task_struct *p)
{
	unsigned long place = 0;

	arch_stack_walk(first, &place, p, NULL);
	return place;
}

static bool show(void *loglvl, unsigned long place)
{
	printk("%s %pS\n", (const char *)loglvl, (void *)place);
	return true;
}

void show_stack(struct task_struct *task, unsigned long *sp, const char *loglvl)
{
	printk("%sCall Trace:\n", loglvl);
	arch_stack_walk(show, (void *)loglvl, task, NULL);
}
