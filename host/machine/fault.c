/* SPDX-License-Identifier: MIT */
/* Page faults of user code, and interrupts of it: what the machine does about them. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include "host_page.h"
#include "machine/clock.h"
#include "machine/cpus.h"
#include "machine/fault.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "loader/module.h"
#include "machine/mm.h"
#include "machine/signals.h"
#include "machine/stack.h"
#include "machine/switch.h"
#include "machine/task.h"
#include "machine/user.h"
#include "machine/x86_64/enter.h"
#include "machine/x86_64/this-vcpu.h"

KERNEL_ENTRY(w2c_vmlinux_user_fault);

struct fault {
	struct muslin *m;
	uint32_t addr;
	bool write, bus;
	const uint8_t *pc, *caller;
};

static void remember(const struct fault *f, wasm_rt_trap_t reason)
{
	this_task()->trap = (struct trap) {
		.reason = reason, .addr = f->addr, .pc = f->pc, .caller = f->caller,
	};
}

/* A later trap did not happen there. */
static void forget(void)
{
	this_task()->trap = (struct trap) { 0 };
}

/* A task that sleeps may wake up in another process, which has errno elsewhere. */
static __attribute__((noinline)) int get_errno(void)
{
	return errno;
}

static __attribute__((noinline)) void set_errno(int e)
{
	errno = e;
}

/* Of the program that this is part of, which has its code in one place in all processes. */
extern const uint8_t __executable_start[], etext[];

/* So may the C library be, which copies memory for programs. */
static bool is_elsewhere(struct muslin *m, const uint8_t *pc)
{
	const struct mm *mm = this_task()->mm;
	bool module;

	if (pc >= __executable_start && pc < etext)
		return false;
	if (!mm || !mm->module)
		return true;
	cpus_lock(m);
	module = link_module_at(mm, pc);
	cpus_unlock(m);
	return !module;
}

/*
 * User code was interrupted, at any of its instructions.  What a handler has left by
 * longjmp() is below, and not there any more.
 */
static bool interrupt_begins(void)
{
	struct task *t = this_task();
	const uint8_t *here = __builtin_frame_address(0);

	if (t->interrupted > here)
		return false;
	t->interrupted = here;
	return true;
}

/* Perhaps in a child: then its task is another. */
static void interrupt_ends(bool outermost)
{
	if (outermost)
		this_task()->interrupted = NULL;
}

/* On the task's own stack, where it can sleep. */
static void handle_fault(void *arg)
{
	struct fault f = *(struct fault *)arg;
	int saved_errno = get_errno();
	bool elsewhere = is_elsewhere(f.m, f.pc), outermost = interrupt_begins();

	this_task()->elsewhere += elsewhere;
	f.m->stats.page_faults++;
	remember(&f, WASM_RT_TRAP_NONE);
	this_task()->in_fault = true;
	enter_w2c_vmlinux_user_fault(f.m->kernel, f.addr, f.write);
	this_task()->in_fault = false;
	user_return(NULL);
	set_in_user(true);
	if (this_pending())
		user_irq();
	forget();
	this_task()->elsewhere -= elsewhere;
	interrupt_ends(outermost);
	set_errno(saved_errno);
}

/* An address that no page of the program's 4 GiB has. */
static void handle_wild(void *arg)
{
	struct fault *f = arg;

	remember(f, WASM_RT_TRAP_NONE);
	user_trap(SIGSEGV, SEGV_MAPERR, f->addr);
}

/* A page that is there, and cannot be had: the host is out of memory. */
static void handle_missing(void *arg)
{
	struct fault *f = arg;

	remember(f, WASM_RT_TRAP_NONE);
	user_trap(SIGBUS, BUS_ADRERR, f->addr);
}

/* The program has used up its stack. */
static void handle_exhaustion(void *arg)
{
	struct fault *f = arg;

	remember(f, WASM_RT_TRAP_EXHAUSTION);
	user_trap(SIGSEGV, SEGV_MAPERR, f->addr);
}

/* The kernel has used up its stack, or the host's functions theirs. */
static void handle_overflow(void *arg)
{
	struct fault *f = arg;

	fail(f->m, -EIO, "the kernel's stack overflowed");
	machine_halt(f->m, HALTED + HOST_PANIC);
}

/* The program has used up what was left for it to handle its SIGSEGV. */
static void handle_kill(void *arg)
{
	struct fault *f = arg;

	remember(f, WASM_RT_TRAP_EXHAUSTION);
	user_trap(SIGSEGV, SI_KERNEL, 0);
}

static void handle_irq(void *arg)
{
	struct fault f = *(struct fault *)arg;
	int saved_errno = get_errno();
	bool elsewhere = is_elsewhere(f.m, f.pc), outermost = interrupt_begins();

	this_task()->elsewhere += elsewhere;
	remember(&f, WASM_RT_TRAP_NONE);
	user_irq();
	forget();
	this_task()->elsewhere -= elsewhere;	/* a child's, perhaps */
	interrupt_ends(outermost);
	set_errno(saved_errno);
}

/*
 * The kernel itself touched what is not there; or it, or an import that copies
 * for it, what the host cannot give.  No import has a lock while it does that.
 */
static void handle_kernel(void *arg)
{
	struct fault *f = arg;
	struct task *t = this_task();

	cpus_drop(f->m);
	if (f->bus)
		fail(f->m, -ENOMEM, "the kernel's memory at %#x cannot be had: the host is out of memory, or its image was cut",
		     f->addr);
	else
		fail(f->m, -EIO, "the kernel faulted at address %#x", f->addr);
	/* it may end the task instead, but not when that is what it does */
	if (!f->bus && is_kernel_text(f->pc) && !t->oops) {
		t->oops = true;
		w2c_vmlinux_kernel_fault(f->m->kernel, f->addr);
	}
	machine_halt(f->m, HALTED + HOST_PANIC);
}

static bool in_guard(const struct task *t, const uint8_t *addr)
{
	return addr >= t->stack->base + NATIVE_KERNEL &&
		addr < t->stack->base + NATIVE_RESERVE;
}

static bool in_kernel_guard(const struct task *t, const uint8_t *addr)
{
	return addr >= t->stack->base - NATIVE_GUARD && addr < t->stack->base;
}

/*
 * User code that has used up its stack gets a SIGSEGV.  The kernel, called
 * with little of it left, goes on in what is reserved.
 */
static void stack_overflow(struct vcpu *v, ucontext_t *uc)
{
	struct fault f = { .m = v->machine, .pc = context_pc(uc) };
	struct stack *s = v->task->stack;

	if (!v->in_user) {
		if (!stack_open_next(v))
			context_divert(uc, stack_top(s), handle_overflow, &f, sizeof(f));
		return;
	}
	v->in_user = 0;
	if (s->reserve_open) {
		context_divert(uc, stack_top(s), handle_kill, &f, sizeof(f));
		return;
	}
	stack_open_next(v);
	s->told = true;
	f.addr = v->words.sp;
	context_divert(uc, s->base + NATIVE_RESERVE, handle_exhaustion, &f, sizeof(f));
}

bool fault_handle(struct vcpu *v, int sig, uint8_t *addr, ucontext_t *uc)
{
	struct muslin *m = v->machine;
	struct fault f = { .m = m, .pc = context_pc(uc), .bus = sig == SIGBUS };
	struct task *t = v->task;
	uint64_t off;

	if (in_guard(t, addr)) {
		stack_overflow(v, uc);
		return true;
	}
	if (in_kernel_guard(t, addr) && !v->in_user) {
		context_divert(uc, stack_kernel_top(t->stack), handle_overflow, &f, sizeof(f));
		return true;
	}
	/* user code cannot; but on_irq() may have interrupted that */
	off = addr - m->memory;
	if (off < 2 * USER_SPACE) {
		f.addr = off;
		/* below on_irq() we are ourselves; nobody comes back to the task */
		context_divert(uc, signals_stack_has(v, context_sp(uc)) ? stack_kernel_top(t->stack) : NULL,
			       handle_kernel, &f, sizeof(f));
		return true;
	}
	if (!v->in_user)
		return false;
	off = addr - ((uint8_t *)v->words.instance + MUSLIN_MEMORY_OFFSET);
	if (off >= 2 * USER_SPACE + 65536)
		return false;
	v->in_user = 0;
	f.addr = off;
	f.write = context_is_write(uc);
	/* memcpy() and the like, and what the quick tier calls, have no frame */
	f.caller = *(const uint8_t **)context_sp(uc);
	if (off >= USER_SPACE)
		context_divert(uc, NULL, handle_wild, &f, sizeof(f));
	else if (sig == SIGBUS)
		context_divert(uc, NULL, handle_missing, &f, sizeof(f));
	else
		context_divert(uc, NULL, handle_fault, &f, sizeof(f));
	return true;
}

/* Few calls of the C library last for longer than all of these. */
#define POSTPONE 50000		/* nanoseconds */
#define POSTPONEMENTS 16

/* So that hardly any task is switched away from where no image could have it. */
static bool postpone(struct vcpu *v, const uint8_t *pc)
{
	if (!is_elsewhere(v->machine, pc) || v->postponed == POSTPONEMENTS) {
		v->postponed = 0;
		return false;
	}
	v->postponed++;
	clock_soon(v, POSTPONE);
	return true;
}

/* The machine is over, by another vCPU's doing: what this one did has no end. */
static void handle_over(void *arg)
{
	(void)arg;
	set_in_user(false);
	task_leave();
}

void fault_interrupt(struct vcpu *v, ucontext_t *uc)
{
	struct fault f = { .m = v->machine, .pc = context_pc(uc) };

	clock_poll(v);
	/* in guest code this thread has nothing of the library's */
	if ((v->in_user || is_kernel_text(f.pc)) && cpus_interrupted(v)) {
		context_divert(uc, stack_kernel_top(v->task->stack), handle_over, &f, sizeof(f));
		return;
	}
	if (!v->in_user || !user_pending(v) || postpone(v, f.pc))
		return;
	v->in_user = 0;
	context_divert(uc, NULL, handle_irq, &f, sizeof(f));
}
