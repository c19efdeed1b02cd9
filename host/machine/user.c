/* SPDX-License-Identifier: MIT */
/* Programs: into user code, and back on its system calls, traps and signals. */
#include <errno.h>
#include <stdlib.h>

#include "host_page.h"
#include "machine/adapt.h"
#include "machine/cpus.h"
#include "cgen/jump.h"
#include "machine/fork.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"
#include "loader/module.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/switch.h"
#include "machine/syscalls.h"
#include "machine/task.h"
#include "machine/user.h"
#include "machine/x86_64/enter.h"
#include "machine/x86_64/this-vcpu.h"

KERNEL_ENTRY(w2c_vmlinux_user_enter);
KERNEL_ENTRY(w2c_vmlinux_user_irq);
KERNEL_ENTRY(w2c_vmlinux_user_sigreturn);
KERNEL_ENTRY(w2c_vmlinux_user_trap);

/* The running task's program. */
static struct mm *running(struct muslin *m)
{
	struct mm *mm = this_task()->mm;

	if (!mm)
		machine_refuse(m, "asked for a program that does not run");
	return mm;
}

u32 w2c_host_user_sp(struct w2c_host *h)
{
	running(machine(h));
	return this_vcpu()->words.sp;
}

u32 w2c_host_user_tls(struct w2c_host *h)
{
	running(machine(h));
	return this_vcpu()->words.tls;
}

static void user_enter(void)
{
	set_in_user(true);
	if (this_pending())
		user_irq();
}

static void call_dispatcher(struct mm *mm, const struct host_page *p)
{
	mm->ops->call4(mm->space->base, p->dispatcher, p->handler, p->sig,
		       p->info, p->context);
}

/*
 * Calls the handler that host_page describes.  True if it wishes that the
 * system call which it interrupted fails.  A handler may also never return.
 */
static bool call_handler(void)
{
	struct muslin *m = this_vcpu()->machine;
	struct host_page p = *this_page();
	struct trap trap = this_task()->trap;
	uint32_t old, env = fenv_get();

	task_check();
	old = this_vcpu()->words.sp;
	this_task()->trap = (struct trap) { 0 };
	/* another signal may be due before this handler's first instruction */
	this_vcpu()->words.sp = p.info;
	enter_w2c_vmlinux_user_enter(m->kernel);
	user_return(NULL);

	fenv_set(0);	/* a handler has the default one */
	user_enter();
	call_dispatcher(this_task()->mm, &p);
	set_in_user(false);
	fenv_set(env);
	this_task()->trap = trap;	/* who called may not be who returns: fork */
	this_vcpu()->words.sp = old;
	return enter_w2c_vmlinux_user_sigreturn(m->kernel, p.info);
}

bool user_return(uint32_t *ret)
{
	struct muslin *m = this_vcpu()->machine;
	uint32_t action, restart = 0;

	while ((action = this_page()->action)) {
		struct host_page *p = this_page();

		p->action = 0;
		restart |= p->restart;
		if (action > HOST_USER_EXEC)
			machine_refuse(m, "asked for action %u", action);
		if (action == HOST_USER_EXEC)
			task_exec();
		if (action == HOST_USER_CALL && call_handler()) {
			restart = 0;
			if (ret)
				*ret = -EINTR;
		}
		if (action == HOST_USER_RESTART && restart == HOST_RESTART_BLOCK) {
			if (!ret)
				machine_refuse(m, "restarted a system call that there is not");
			*ret = kernel_restart();
			restart = 0;
		}
	}
	return restart == HOST_RESTART;
}

static void die_of_stack(void *arg)
{
	(void)arg;
	this_task()->trap.reason = WASM_RT_TRAP_EXHAUSTION;
	user_trap(SIGSEGV, SI_KERNEL, 0);
}

/* A program that has used up its stack is told so once, and then dies of it. */
static void settle_stack(void)
{
	void *here;

	switch (stack_settle()) {
	case STACK_TELL:
		this_task()->trap.reason = WASM_RT_TRAP_EXHAUSTION;
		user_trap(SIGSEGV, SEGV_MAPERR, this_vcpu()->words.sp);
	case STACK_OVER:
		/* with all that is on it */
		switch_stack(&here, switch_prepare(stack_top(this_task()->stack),
						   die_of_stack, NULL));
		abort();	/* nobody comes back */
	case STACK_ENOUGH:
		return;
	}
}

void user_irq(void)
{
	struct muslin *m = this_vcpu()->machine;

	do {
		set_in_user(false);
		machine_poked(m);
		task_check();
		cpus_lock(m);
		module_ticked(this_task()->mm->module);
		cpus_unlock(m);
		enter_w2c_vmlinux_user_irq(m->kernel);
		user_return(NULL);
		task_check();
		settle_stack();
		this_vcpu()->look = task_look(this_task());
		set_in_user(true);
	} while (irq_pending(this_vcpu()));
}

_Noreturn void user_trap(int sig, int code, uint32_t addr)
{
	struct muslin *m = this_vcpu()->machine;

	/* a handler that returns comes back to the instruction that trapped */
	for (;;) {
		set_in_user(false);
		enter_w2c_vmlinux_user_trap(m->kernel, sig, code, addr);
		user_return(NULL);
		user_enter();
	}
}

static _Noreturn void kernel_trap(struct muslin *m, wasm_rt_trap_t reason)
{
	fail(m, -EIO, "the kernel trapped (%d)", reason);
	machine_halt(m, HALTED + HOST_PANIC);
}

static __attribute__((noreturn)) void rt_trap(void *instance, wasm_rt_trap_t reason,
					      const char *function, const void *pc)
{
	struct muslin *m = this_vcpu()->machine;

	if (instance == m->kernel)
		kernel_trap(m, reason);
	/* a call that does not return may be the last thing in a function */
	this_task()->trap = (struct trap) {
		.reason = reason, .function = function, .pc = (const uint8_t *)pc - 1,
	};
	switch (reason) {
	case WASM_RT_TRAP_DIV_BY_ZERO:
		user_trap(SIGFPE, FPE_INTDIV, 0);
	case WASM_RT_TRAP_INT_OVERFLOW:
		user_trap(SIGFPE, FPE_INTOVF, 0);
	case WASM_RT_TRAP_INVALID_CONVERSION:
		user_trap(SIGFPE, FPE_FLTINV, 0);
	case WASM_RT_TRAP_UNALIGNED:
		user_trap(SIGBUS, BUS_ADRALN, 0);
	case WASM_RT_TRAP_OOB:
	case WASM_RT_TRAP_CALL_INDIRECT:
		user_trap(SIGSEGV, SEGV_MAPERR, 0);
	default:
		user_trap(SIGILL, ILL_ILLOPC, 0);
	}
}

static void *rt_alloc(void *instance, size_t size)
{
	return arena_alloc(muslin_head(instance)->machine, size);
}

static void rt_free(void *instance, void *p)
{
	arena_free(muslin_head(instance)->machine, p);
}

const struct muslin_rt user_rt = {
	.trap	= rt_trap,
	.alloc	= rt_alloc,
	.free	= rt_free,
	.adapt	= adapt,
	.fenv_get = fenv_get,
	.fenv_set = fenv_set,
};

/* A task's stack has one program: to have another, it becomes empty. */
static void enter(struct muslin *m, struct mm *mm)
{
	struct task *t = this_task();

	if (t->entered)
		machine_refuse(m, "ran a program in a program");
	t->entered = true;
	mm_enter(t, mm);
}

/* The first function on a task's stack for user code. */
static void user_main(void *arg)
{
	struct muslin *m = arg;
	uint32_t entry = this_task()->start_entry, start = this_task()->start_arg;

	enter_w2c_vmlinux_user_enter(m->kernel);
	user_return(NULL);
	fenv_set(this_task()->fenv);
	user_enter();
	if (entry) {
		this_task()->mm->ops->call1(this_vcpu()->words.instance, entry, start);
	} else {
		this_task()->mm->ops->start(this_vcpu()->words.instance);
		this_task()->mm->ops->entry(this_vcpu()->words.instance, start);
	}
	/* neither returns in a program that keeps to the ABI */
	user_trap(SIGILL, ILL_ILLOPC, 0);
}

void w2c_host_user_run(struct w2c_host *h, u32 id, u32 entry, u32 arg, u32 tls)
{
	struct muslin *m = machine(h);
	struct task *t = this_task();
	void *here;

	cpus_lock(m);	/* no import that does not return has it from its caller */
	enter(m, mm_program(m, id));
	cpus_unlock(m);
	t->user_sp = arg;
	t->user_tls = tls;
	/* a jmp_buf of another thread leads nowhere in this one */
	*stack_unwind(t->stack) = (struct muslin_unwind) {
		.last_landing = (uint64_t)t->id << 40,
	};
	t->start_entry = entry;
	t->start_arg = arg;
	task_user_load(this_vcpu(), t);
	switch_stack(&here, switch_prepare(stack_top(t->stack), user_main, m));
	abort();	/* nobody comes back */
}

void w2c_host_user_resume(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);
	struct task *t = this_task();
	struct muslin_jump *point = t->fork_point;
	struct mm *mm;

	cpus_lock(m);
	mm = mm_program(m, id);
	if (!t->fork_sp || t->fork_family != mm->space->family->id)
		machine_refuse(m, "resumed a program that this task did not have");
	enter(m, mm);
	cpus_unlock(m);
	fork_memory(t);
	/* a handler that is called first may never come back */
	t->fork_point = NULL;
	t->fork_sp = NULL;
	task_user_load(this_vcpu(), t);
	muslin_longjmp(point);
}

uint32_t user_forked(void)
{
	enter_w2c_vmlinux_user_enter(this_vcpu()->machine->kernel);
	user_return(NULL);
	fenv_set(this_task()->fenv);
	return 0;
}
