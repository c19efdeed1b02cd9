/* SPDX-License-Identifier: MIT */
/* Programs: into user code, and back on its system calls, traps and signals. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_page.h"
#include "machine/adapt.h"
#include "cgen/jump.h"
#include "machine/fork.h"
#include "loader/jobs.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/hooks.h"
#include "machine/kmem.h"
#include "machine/link.h"
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

/* Before the kernel has given up the old program, while there is who to tell. */
static int check_size(struct muslin *m, const char *name, struct module *mod,
		      char *error, size_t n)
{
	uint32_t size = mod->end - mod->data;

	if (size < m->memory_size)
		return 0;
	snprintf(error, n, "%.100s: needs %u MiB of memory, the machine has %u",
		 name, size >> 20, m->memory_size >> 20);
	module_put(mod);
	return -ENOMEM;
}

/* Without init there is no machine: the kernel would tell that in several lines. */
static int no_space(struct muslin *m)
{
	if (machine_hooks.has_init(m))
		return -ENOMEM;
	fail(m, -ENOMEM, "the host has no room for an address space of 8 GiB (ulimit -v)");
	machine_halt(m, HALTED + HOST_NO_MEMORY);
}

/* Makes an instance of mod, whose reference becomes mm's. */
static int set_up(struct muslin *m, struct mm *mm, struct module *mod,
		  struct host_image *info)
{
	int err;

	if (mm_make_space(m, mm)) {
		module_put(mod);
		return no_space(m);
	}
	mm->module = mod;
	mm->ops = mod->ops;
	err = mm_set_up(m, mm);
	if (err)
		return err;
	info->module = mod->id;
	info->data = mod->data;
	info->data_start = mod->data_start;
	info->data_end = mod->data_end;
	info->end = mod->end;
	return 0;
}

static int refuse(struct muslin *m, int err, const char *error, struct host_image *info)
{
	machine_hooks.refused(m, err, error);
	memcpy(info->error, error, sizeof(info->error));
	return err;
}

/* The reference of mod becomes mm's. */
static int give(struct muslin *m, struct mm *mm, const char *name, struct module *mod,
		struct host_image *info)
{
	char error[MODULE_ERROR_SIZE];
	int err = check_size(m, name, mod, error, sizeof(error));

	return err ? refuse(m, err, error, info) : set_up(m, mm, mod, info);
}

/* The same for a library, which is that of a process. */
static int give_library(struct mm *mm, struct module *mod, struct host_image *info)
{
	uint32_t id = mod->id;
	int err = link_keep(mm, mod);

	info->module = err ? 0 : id;
	info->data = info->data_start = info->data_end = info->end = 0;
	return err;
}

struct builtin {
	struct muslin *m;
	const char *name;
	void *image;		/* of which the kernel has no part */
	size_t size;
	struct module *mod;
	char error[MODULE_ERROR_SIZE];
	int err;
};

/* It wants more of a stack than a program may have left. */
static void load_builtin(void *arg)
{
	struct builtin *b = arg;

	b->err = module_load(&b->m->loader, b->name, b->image, b->size, &b->mod, b->error);
}

/* A program that is part of this library needs no compiler. */
static int give_builtin(struct muslin *m, struct mm *mm, const char *name,
			const void *image, u32 size, struct host_image *info)
{
	struct builtin b = { .m = m, .name = name, .size = size, .image = malloc(size) };
	int err;

	if (!b.image)
		return -ENOMEM;
	memcpy(b.image, image, size);
	err = stack_call(m, load_builtin, &b);
	free(b.image);
	if (err)
		return err;
	return b.err ? refuse(m, b.err, b.error, info) : give(m, mm, name, b.mod, info);
}

u32 w2c_host_user_load(struct w2c_host *h, u32 id, u32 name, u32 image, u32 size,
		       u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	const void *from = kmem(m, image, size);
	char path[PATH_MAX];
	struct module *mod;

	if (mm->module)
		return -EBUSY;
	kmem_string(m, name, path, sizeof(path));
	mod = module_known(&m->loader, path, from, size, false);
	if (mod)
		return give(m, mm, path, mod, info);
	if (module_is_builtin(from, size))
		return give_builtin(m, mm, path, from, size, info);
	return job_begin(&m->loader, path, from, size, false);
}

/* A library's error is the dynamic linker's to tell. */
static int library_result(struct muslin *m, u32 ticket, u32 id, struct host_image *info)
{
	struct mm *mm = mm_program(m, id);
	struct module *mod;
	char error[MODULE_ERROR_SIZE] = "";
	int err = job_result(&m->loader, ticket, &mod, error);

	if (err == -EAGAIN)
		return err;
	memcpy(info->error, error, sizeof(info->error));
	return err ? err : give_library(mm, mod, info);
}

u32 w2c_host_user_load_result(struct w2c_host *h, u32 ticket, u32 id, u32 info_addr)
{
	struct muslin *m = machine(h);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	const char *name = job_name(&m->loader, ticket);
	char path[PATH_MAX], error[MODULE_ERROR_SIZE];
	struct module *mod;
	struct mm *mm;
	int err;

	if (!name)
		return -ENOENT;
	if (job_is_library(&m->loader, ticket))
		return library_result(m, ticket, id, info);
	mm = mm_get(m, id);
	if (mm->module)
		return -EBUSY;
	snprintf(path, sizeof(path), "%s", name);
	err = job_result(&m->loader, ticket, &mod, error);
	if (err == -EAGAIN)
		return err;
	return err ? refuse(m, err, error, info) : give(m, mm, path, mod, info);
}

u32 w2c_host_user_load_cancel(struct w2c_host *h, u32 ticket)
{
	return job_cancel(&machine(h)->loader, ticket);
}

void user_loaded(void *m)
{
	irq_raise(m, HOST_IRQ_LOAD);
}

u32 w2c_host_user_reload(struct w2c_host *h, u32 id, u32 module, u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	struct module *mod;

	if (mm->module)
		return -EBUSY;
	mod = module_reload(&m->loader, module);
	if (mod && mod->library) {
		module_put(mod);
		mod = NULL;
	}
	if (!mod)
		return -ENOENT;
	m->stats.loaded++;
	return set_up(m, mm, mod, info);
}

u32 w2c_host_user_library(struct w2c_host *h, u32 id, u32 name, u32 image, u32 size,
			  u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_program(m, id);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	const void *from = kmem(m, image, image ? size : 0);
	char path[PATH_MAX];
	struct module *mod;

	kmem_string(m, name, path, sizeof(path));
	mod = image ? module_known(&m->loader, path, from, size, true) :
		module_reload(&m->loader, info->module);
	if (mod && !mod->library) {
		module_put(mod);
		mod = NULL;
	}
	info->error[0] = 0;
	if (mod)
		return give_library(mm, mod, info);
	return image ? job_begin(&m->loader, path, from, size, true) : -ENOENT;
}

u32 w2c_host_user_data(struct w2c_host *h, u32 module, u32 offset, u32 buf, u32 n)
{
	struct muslin *m = machine(h);
	void *to = kmem(m, buf, n);
	struct module *mod = module_find(&m->loader, module);

	if (!mod)
		return -ENOENT;
	module_data(mod, offset, to, n);
	module_put(mod);
	return 0;
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
	if (user_pending(this_vcpu()))
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
	struct host_page p = *this_vcpu()->page;
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

	while ((action = this_vcpu()->page->action)) {
		struct host_page *p = this_vcpu()->page;

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

void user_irq(void)
{
	struct muslin *m = this_vcpu()->machine;

	do {
		set_in_user(false);
		task_check();
		module_ticked(this_task()->mm->module);
		enter_w2c_vmlinux_user_irq(m->kernel);
		user_return(NULL);
		task_check();
		stack_settle();
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
	t->mm = mm;
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
	struct mm *mm = mm_program(m, id);
	void *here;

	enter(m, mm);
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
	struct mm *mm = mm_program(m, id);
	struct muslin_jump *point = t->fork_point;

	if (!t->fork_sp || t->fork_family != mm->space->family->id)
		machine_refuse(m, "resumed a program that this task did not have");
	enter(m, mm);
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
