// SPDX-License-Identifier: GPL-2.0
#include <linux/cpu.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/host.h>
#include <asm/switch_to.h>
#include <asm/tlbsync.h>
#include <asm/user_mode.h>
#include "smp.h"

/* whom the CPU has just left */
static DEFINE_PER_CPU(struct task_struct *, prev_task);

void wasm_switch(int prev, int next);
void wasm_start_task(struct task_struct *t);
void wasm_run_user(void);

struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next)
{
	__this_cpu_write(prev_task, prev);
	wasm_current = next;
	if (next->mm && wasm_tlb_stale(next->mm))
		wasm_this_cpu()->tlb_due = 1;
	wasm_switch(prev->thread.host, next->thread.host);
	return __this_cpu_read(prev_task);
}

/* Also where an exec goes on: the host calls it on an empty native stack. */
void wasm_run_user(void)
{
	struct pt_regs *regs = current_pt_regs();

	current->thread.space = current->mm->context.id;
	host_user_run(current->mm->context.id, regs->pc, regs->sp, regs->tls);
}

/*
 * The first thing that a new task runs, on its own native stack.  A kernel
 * thread whose function returns has become a program.
 */
void wasm_start_task(struct task_struct *t)
{
	/* before anything that is the CPU's own */
	if (!t->pid)
		wasm_start_cpu(t);
	schedule_tail(__this_cpu_read(prev_task));
	if (t->thread.fn)
		t->thread.fn(t->thread.fn_arg);
	if (task_pt_regs(t)->forked) {
		task_pt_regs(t)->forked = 0;
		t->thread.space = t->mm->context.id;
		host_user_resume(t->mm->context.id);
	}
	wasm_run_user();
}

/*
 * With a stack of its own a child starts with a function of its own, see
 * doc/abi.md.  Without it goes on where its parent is, with a copy of the
 * native stack at the same address; and so it cannot share memory.
 */
static int copy_user_regs(struct pt_regs *regs, const struct kernel_clone_args *args)
{
	u32 entry;

	*regs = (struct pt_regs) { .user = 1, .nr = -1 };
	if (!args->stack) {
		if (args->flags & CLONE_VM)
			return -EINVAL;
		regs->forked = 1;
		return 0;
	}
	if (get_user(entry, (u32 __user *)args->stack))
		return -EFAULT;
	regs->pc = entry;
	regs->sp = args->stack;
	regs->tls = args->flags & CLONE_SETTLS ? args->tls : host_user_tls();
	return 0;
}

/* The parent's native stack is not the child's to free. */
int arch_dup_task_struct(struct task_struct *dst, struct task_struct *src)
{
	*dst = *src;
	dst->thread = (struct thread_struct) { };
	return 0;
}

static int try_to_create_task(struct task_struct *p, struct pt_regs *regs)
{
	unsigned long sp = (unsigned long)regs & ~15UL;

	return regs->forked ? host_task_fork(p, sp) : host_task_create(p, sp);
}

static int create_task(struct task_struct *p, struct pt_regs *regs)
{
	int host = try_to_create_task(p, regs);

	if (host != -EAGAIN)
		return host;
	/* those that have ended count until they are let go */
	rcu_barrier();
	return try_to_create_task(p, regs);
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct pt_regs *regs = task_pt_regs(p);
	int err;

	p->thread.eintr = false;
	if (args->fn) {
		*regs = (struct pt_regs) { .nr = -1 };
		p->thread.fn = args->fn;
		p->thread.fn_arg = args->fn_arg;
	} else {
		err = copy_user_regs(regs, args);
		if (err)
			return err;
	}
	p->thread.host = create_task(p, regs);
	if (p->thread.host == -ENOMEM) {
		/* of the host's mappings, which programs can do without for a while */
		wasm_tlb_forget_programs();
		p->thread.host = create_task(p, regs);
	}
	return p->thread.host < 0 ? p->thread.host : 0;
}

void arch_release_task_struct(struct task_struct *t)
{
	if (t->thread.host > 0)
		host_task_free(t->thread.host);
}

void flush_thread(void)
{
}

void start_thread(struct pt_regs *regs, unsigned long pc, unsigned long sp)
{
	*regs = (struct pt_regs) { .user = 1, .pc = pc, .sp = sp, .nr = regs->nr };
}

void arch_cpu_idle(void)
{
	if (!READ_ONCE(wasm_host_page()->irq_pending))
		host_idle();
	raw_local_irq_enable();
	raw_local_irq_disable();
}

/* Whom this CPU waits for may be on one that the host does not run meanwhile. */
#define SPINS 256

/*
 * Where the host is one thread, nothing interrupts who spins here: it looks at the timer
 * when it is asked for the time.
 */
void cpu_relax(void)
{
	host_clock_ns();
	arch_poll_irqs();
	barrier();
	if (!wasm_one_cpu && !(++wasm_this_cpu()->spins % SPINS))
		host_cpu_yield();
}

void show_regs(struct pt_regs *regs)
{
}
