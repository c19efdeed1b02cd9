/* SPDX-License-Identifier: MIT */
/* Programs: into user code, and back on its system calls, traps and signals. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapt.h"
#include "ctl.h"
#include "jump.h"
#include "kernel.h"
#include "machine.h"
#include "module.h"
#include "stack.h"
#include "switch.h"

static uint32_t *user_sp(struct task *t)
{
	return t->mm->ops->sp(t->mm->space->base);
}

static uint32_t *user_tls(struct task *t)
{
	return t->mm->ops->tls(t->mm->space->base);
}

/* Before the kernel has given up the old program, while there is who to tell. */
static int check_size(struct muslin *m, const char *name, struct module *mod,
		      char *error, size_t n)
{
	uint32_t size = mod->end - mod->data;

	if (size < m->memory_size)
		return 0;
	snprintf(error, n, "%s: needs %u MiB of memory, the machine has %u",
		 name, size >> 20, m->memory_size >> 20);
	module_put(mod);
	return -ENOMEM;
}

/* Makes an instance of mod, whose reference becomes mm's. */
static int set_up(struct muslin *m, struct mm *mm, struct module *mod,
		  struct host_image *info)
{
	struct muslin_head *head;
	int err;

	if (mm_make_space(m, mm)) {
		module_put(mod);
		return -ENOMEM;
	}
	mm->module = mod;
	mm->ops = mod->ops;
	mm->space->linux_imports = (struct w2c_linux) {
		.self = &mm->space->linux_imports,
		.sc = mod->thunks,
		.machine = m,
	};
	head = muslin_head(mm->space->base);
	head->rt = &user_rt;
	head->machine = m;
	head->memory.pages = USER_SPACE >> 16;
	err = mod->ops->setup(mm->space->base, &mm->space->linux_imports);
	if (err)
		return err;
	mm->space->set_up = true;
	info->module = mod->id;
	info->data = mod->data;
	info->data_start = mod->data_start;
	info->data_end = mod->data_end;
	info->end = mod->end;
	return 0;
}

u32 w2c_host_user_load(struct w2c_host *h, u32 id, u32 name, u32 image, u32 size,
		       u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	struct host_image *info = kmem(m, info_addr, sizeof(*info));
	uint32_t env = fenv_get();
	struct module *mod;
	int err;

	if (mm->module)
		return -EBUSY;
	fenv_set(0);	/* for who is told of progress */
	err = module_load(m, kmem(m, name, 1), kmem(m, image, size), size, &mod,
			  info->error);
	fenv_set(env);
	if (!err)
		err = check_size(m, kmem(m, name, 1), mod, info->error,
				 sizeof(info->error));
	if (err) {
		ctl_refused(m, info->error);
		return err;
	}
	return set_up(m, mm, mod, info);
}

u32 w2c_host_user_reload(struct w2c_host *h, u32 id, u32 module, u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	struct host_image *info = kmem(m, info_addr, sizeof(*info));
	struct module *mod;

	if (mm->module)
		return -EBUSY;
	mod = module_reload(m, module);
	return mod ? set_up(m, mm, mod, info) : -ENOENT;
}

u32 w2c_host_user_data(struct w2c_host *h, u32 module, u32 offset, u32 buf, u32 n)
{
	struct muslin *m = machine(h);
	struct module *mod = module_find(m, module);

	if (!mod)
		return -ENOENT;
	module_data(mod, offset, kmem(m, buf, n), n);
	module_put(mod);
	return 0;
}

u32 w2c_host_user_sp(struct w2c_host *h)
{
	return *user_sp(machine(h)->task);
}

u32 w2c_host_user_tls(struct w2c_host *h)
{
	return *user_tls(machine(h)->task);
}

static void user_enter(struct muslin *m)
{
	m->in_user = 1;
	if (user_pending(m))
		user_irq(m);
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
static bool call_handler(struct muslin *m)
{
	struct host_page p = *m->page;
	uint32_t old = *user_sp(m->task), env = fenv_get();
	struct trap trap = m->task->trap;

	m->task->trap = (struct trap) { 0 };
	/* another signal may be due before this handler's first instruction */
	*user_sp(m->task) = p.info;
	w2c_vmlinux_user_enter(m->kernel);
	user_return(m, NULL);

	fenv_set(0);	/* a handler has the default one */
	user_enter(m);
	call_dispatcher(m->task->mm, &p);
	m->in_user = 0;
	fenv_set(env);
	m->task->trap = trap;	/* who called may not be who returns: fork */
	*user_sp(m->task) = old;
	return w2c_vmlinux_user_sigreturn(m->kernel, p.info);
}

bool user_return(struct muslin *m, uint32_t *ret)
{
	uint32_t action, restart = 0;

	while ((action = m->page->action)) {
		m->page->action = 0;
		restart |= m->page->restart;
		if (action == HOST_USER_EXEC)
			task_exec(m);
		if (action == HOST_USER_CALL && call_handler(m)) {
			restart = 0;
			if (ret)
				*ret = -EINTR;
		}
		if (action == HOST_USER_RESTART && restart == HOST_RESTART_BLOCK) {
			*ret = kernel_restart(m);
			restart = 0;
		}
	}
	return restart == HOST_RESTART;
}

void user_irq(struct muslin *m)
{
	do {
		m->in_user = 0;
		module_ticked(m->task->mm->module);
		w2c_vmlinux_user_irq(m->kernel);
		user_return(m, NULL);
		stack_settle(m);
		m->in_user = 1;
	} while (irq_pending(m));
}

_Noreturn void user_trap(struct muslin *m, int sig, int code, uint32_t addr)
{
	/* a handler that returns comes back to the instruction that trapped */
	for (;;) {
		m->in_user = 0;
		w2c_vmlinux_user_trap(m->kernel, sig, code, addr);
		user_return(m, NULL);
		user_enter(m);
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
	struct muslin *m = fault_machine();

	if (instance == m->kernel)
		kernel_trap(m, reason);
	/* a call that does not return may be the last thing in a function */
	m->task->trap = (struct trap) {
		.reason = reason, .function = function, .pc = (const uint8_t *)pc - 1,
	};
	switch (reason) {
	case WASM_RT_TRAP_DIV_BY_ZERO:
		user_trap(m, SIGFPE, FPE_INTDIV, 0);
	case WASM_RT_TRAP_INT_OVERFLOW:
		user_trap(m, SIGFPE, FPE_INTOVF, 0);
	case WASM_RT_TRAP_INVALID_CONVERSION:
		user_trap(m, SIGFPE, FPE_FLTINV, 0);
	case WASM_RT_TRAP_UNALIGNED:
		user_trap(m, SIGBUS, BUS_ADRALN, 0);
	case WASM_RT_TRAP_OOB:
	case WASM_RT_TRAP_CALL_INDIRECT:
		user_trap(m, SIGSEGV, SEGV_MAPERR, 0);
	default:
		user_trap(m, SIGILL, ILL_ILLOPC, 0);
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

void w2c_host_user_run(struct w2c_host *h, u32 id, u32 entry, u32 arg, u32 tls)
{
	struct muslin *m = machine(h);
	struct task *t = m->task;
	struct mm *mm = mm_get(m, id);

	t->mm = mm;
	t->user_sp = arg;
	t->user_tls = tls;
	memset(&t->unwind, 0, sizeof(t->unwind));
	task_user_load(t);

	w2c_vmlinux_user_enter(m->kernel);
	user_return(m, NULL);
	fenv_set(t->fenv);
	user_enter(m);
	if (entry) {
		mm->ops->call1(mm->space->base, entry, arg);
	} else {
		mm->ops->start(mm->space->base);
		mm->ops->entry(mm->space->base, arg);
	}
	/* neither returns in a program that keeps to the ABI */
	user_trap(m, SIGILL, ILL_ILLOPC, 0);
}

void w2c_host_user_resume(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);
	struct task *t = m->task;

	t->mm = mm_get(m, id);
	task_user_load(t);
	w2c_vmlinux_user_enter(m->kernel);
	user_return(m, NULL);
	fenv_set(t->fenv);
	muslin_longjmp(t->fork_point);
}
