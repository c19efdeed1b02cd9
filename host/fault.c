/* SPDX-License-Identifier: MIT */
/* Host signals: page faults of user code, and the interrupt. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "kernel.h"
#include "machine.h"
#include "module.h"
#include "stack.h"
#include "switch.h"
#include "tty.h"

#define ALT_STACK_SIZE 65536

struct host_signals {
	struct sigaction segv, bus, irq;
	stack_t alt_stack;
	uint8_t *memory;
};

static _Thread_local struct muslin *current_machine;

struct muslin *fault_machine(void)
{
	return current_machine;
}

struct fault {
	struct muslin *m;
	uint32_t addr;
	bool write;
	const uint8_t *pc, *caller;
};

static void remember(const struct fault *f, wasm_rt_trap_t reason)
{
	f->m->task->trap = (struct trap) {
		.reason = reason, .addr = f->addr, .pc = f->pc, .caller = f->caller,
	};
}

/* What comes later did not happen there. */
static void forget(const struct fault *f)
{
	f->m->task->trap = (struct trap) { 0 };
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

/* So may the C library be, which copies memory for programs. */
static bool is_elsewhere(const struct fault *f)
{
	const struct mm *mm = f->m->task->mm;

	return !mm || !mm->module || !module_has(mm->module, f->pc);
}

/* On the task's own stack, where it can sleep. */
static void handle_fault(void *arg)
{
	struct fault f = *(struct fault *)arg;
	int saved_errno = get_errno();
	bool elsewhere = is_elsewhere(&f);

	f.m->task->elsewhere += elsewhere;
	f.m->stats.page_faults++;
	remember(&f, WASM_RT_TRAP_NONE);
	w2c_vmlinux_user_fault(f.m->kernel, f.addr, f.write);
	user_return(f.m, NULL);
	f.m->in_user = 1;
	if (user_pending(f.m))
		user_irq(f.m);
	forget(&f);
	f.m->task->elsewhere -= elsewhere;
	set_errno(saved_errno);
}

/* An address that no page of the program's 4 GiB has. */
static void handle_wild(void *arg)
{
	struct fault *f = arg;

	remember(f, WASM_RT_TRAP_NONE);
	user_trap(f->m, SIGSEGV, SEGV_MAPERR, f->addr);
}

/* The program has used up its stack. */
static void handle_exhaustion(void *arg)
{
	struct fault *f = arg;

	remember(f, WASM_RT_TRAP_EXHAUSTION);
	user_trap(f->m, SIGSEGV, SEGV_MAPERR, f->addr);
}

/* The kernel has used up even its own part of the stack. */
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
	user_trap(f->m, SIGSEGV, SI_KERNEL, 0);
}

static void handle_irq(void *arg)
{
	struct fault f = *(struct fault *)arg;
	int saved_errno = get_errno();
	bool elsewhere = is_elsewhere(&f);

	f.m->task->elsewhere += elsewhere;
	remember(&f, WASM_RT_TRAP_NONE);
	user_irq(f.m);
	forget(&f);
	f.m->task->elsewhere -= elsewhere;	/* a child's, perhaps */
	set_errno(saved_errno);
}

/* The kernel's code, not ours which it called: kernel-text.h. */
extern const uint8_t kernel_text[] __asm__("__start_muslin_kernel") __attribute__((weak));
extern const uint8_t kernel_text_end[] __asm__("__stop_muslin_kernel") __attribute__((weak));

static bool is_kernel(const uint8_t *pc)
{
	return pc >= kernel_text && pc < kernel_text_end;
}

/* The kernel itself touched what is not there, or the host has no memory. */
static void handle_kernel(void *arg)
{
	struct fault *f = arg;
	struct task *t = f->m->task;

	fail(f->m, -EIO, "the kernel faulted at address %#x", f->addr);
	/* it may end the task instead, but not when that is what it does */
	if (is_kernel(f->pc) && !t->oops) {
		t->oops = true;
		w2c_vmlinux_kernel_fault(f->m->kernel, f->addr);
	}
	machine_halt(f->m, HALTED + HOST_PANIC);
}

static void restore_handlers(const struct host_signals *s)
{
	sigaction(fault_irq_signal(), &s->irq, NULL);
	sigaction(SIGBUS, &s->bus, NULL);
	sigaction(SIGSEGV, &s->segv, NULL);
}

/* Not the machine's: as if this handler were not there. */
static void not_ours(struct muslin *m)
{
	tty_restore_now();
	if (m)
		restore_handlers(m->signals);
	else
		signal(SIGSEGV, SIG_DFL);
}

static bool in_guard(const struct task *t, const uint8_t *addr)
{
	return addr >= t->stack->base - NATIVE_GUARD &&
		addr < t->stack->base + NATIVE_RESERVE;
}

/*
 * User code that has used up its stack gets a SIGSEGV.  The kernel, called
 * with little of it left, goes on in what is reserved.
 */
static void stack_overflow(struct muslin *m, struct task *t, ucontext_t *uc)
{
	struct fault f = { .m = m, .pc = context_pc(uc) };
	struct stack *s = t->stack;

	if (!m->in_user) {
		if (!stack_open_next(m))
			context_divert(uc, stack_top(s), handle_overflow, &f, sizeof(f));
		return;
	}
	m->in_user = 0;
	if (s->reserve_open) {
		context_divert(uc, stack_top(s), handle_kill, &f, sizeof(f));
		return;
	}
	stack_open_next(m);
	s->told = true;
	f.addr = *t->mm->ops->sp(t->mm->space->base);
	context_divert(uc, s->base + NATIVE_RESERVE, handle_exhaustion, &f, sizeof(f));
}

static void on_fault(int sig, siginfo_t *si, void *context)
{
	struct muslin *m = current_machine;
	ucontext_t *uc = context;
	uint8_t *addr = si->si_addr;
	struct fault f = { .m = m, .pc = context_pc(uc) };
	struct task *t;
	uint64_t off;

	if (!m || !m->task) {
		not_ours(m);
		return;
	}
	t = m->task;
	if (in_guard(t, addr)) {
		stack_overflow(m, t, uc);
		return;
	}
	if (!m->in_user) {
		off = addr - m->memory;
		f.addr = off;
		if (off < 2 * USER_SPACE)
			context_divert(uc, NULL, handle_kernel, &f, sizeof(f));
		else
			not_ours(m);
		return;
	}
	off = addr - mm_memory(t->mm);
	if (off >= 2 * USER_SPACE + 65536) {
		not_ours(m);
		return;
	}
	m->in_user = 0;
	f.addr = off;
	f.write = context_is_write(uc);
	/* memcpy() and the like, and what the quick tier calls, have no frame */
	f.caller = *(const uint8_t **)context_sp(uc);
	/* a page that is there, and cannot be had: the host is out of memory */
	if (off >= USER_SPACE || sig == SIGBUS)
		context_divert(uc, NULL, handle_wild, &f, sizeof(f));
	else
		context_divert(uc, NULL, handle_fault, &f, sizeof(f));
}

/* Not on the task's stack, which may have no room for a host's frame. */
static void on_irq(int sig, siginfo_t *si, void *context)
{
	struct muslin *m = current_machine;
	struct fault f = { .m = m, .pc = context_pc(context) };
	int saved_errno = errno;

	(void)sig;
	(void)si;
	if (!m)
		return;
	clock_poll(m);
	if (m->in_user && user_pending(m)) {
		m->in_user = 0;
		context_divert(context, NULL, handle_irq, &f, sizeof(f));
	}
	errno = saved_errno;
}

int fault_irq_signal(void)
{
	return SIGURG;	/* ignored by default, should one come late */
}

int fault_start(struct muslin *m)
{
	struct sigaction fault = { .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	struct sigaction irq = { .sa_sigaction = on_irq,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	struct host_signals *s = calloc(1, sizeof(*s));
	stack_t alt = { .ss_size = ALT_STACK_SIZE };

	if (!s)
		return -ENOMEM;
	s->memory = mmap(NULL, ALT_STACK_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->memory == MAP_FAILED) {
		free(s);
		return -ENOMEM;
	}
	alt.ss_sp = s->memory;
	sigaddset(&fault.sa_mask, fault_irq_signal());
	current_machine = m;
	m->signals = s;
	sigaltstack(&alt, &s->alt_stack);
	sigaction(SIGSEGV, &fault, &s->segv);
	sigaction(SIGBUS, &fault, &s->bus);
	sigaction(fault_irq_signal(), &irq, &s->irq);
	return 0;
}

void fault_stop(struct muslin *m)
{
	struct host_signals *s = m->signals;

	if (!s)
		return;
	m->signals = NULL;
	current_machine = NULL;
	restore_handlers(s);
	sigaltstack(&s->alt_stack, NULL);
	munmap(s->memory, ALT_STACK_SIZE);
	free(s);
}
