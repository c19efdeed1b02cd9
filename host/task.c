/* SPDX-License-Identifier: MIT */
/* Tasks are coroutines: each has a native stack of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel.h"
#include "machine.h"
#include "switch.h"

#define POOL_MAX 64
#define KEEP (64 << 10)

struct stack_pool {
	int n;
	uint8_t *stack[POOL_MAX];
};

static uint8_t *stack_get(struct muslin *m)
{
	uint8_t *p;

	if (m->stacks->n)
		return m->stacks->stack[--m->stacks->n];
	p = mmap(NULL, NATIVE_GUARD + NATIVE_STACK, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	p += NATIVE_GUARD;
	if (mprotect(p + NATIVE_RESERVE, NATIVE_STACK - NATIVE_RESERVE,
		     PROT_READ | PROT_WRITE)) {
		munmap(p - NATIVE_GUARD, NATIVE_GUARD + NATIVE_STACK);
		return NULL;
	}
	return p;
}

static void stack_unmap(uint8_t *stack)
{
	munmap(stack - NATIVE_GUARD, NATIVE_GUARD + NATIVE_STACK);
}

static void stack_put(struct muslin *m, struct task *t)
{
	if (t->reserve_open || m->stacks->n == POOL_MAX) {
		stack_unmap(t->stack);
		return;
	}
	/* all but what every task touches goes back to the host */
	madvise(t->stack, NATIVE_STACK - KEEP, MADV_DONTNEED);
	m->stacks->stack[m->stacks->n++] = t->stack;
}

/* The first function on a task's stack. */
static void task_main(void *arg)
{
	struct muslin *m = arg;
	struct task *t = m->task;

	if (t->id == BOOT_TASK)
		w2c_vmlinux_boot(m->kernel);
	else
		w2c_vmlinux_task_entry(m->kernel, t->task, t->kernel_sp);
	abort();	/* neither returns */
}

static int task_slot(struct muslin *m)
{
	struct task **tasks;
	int i, n;

	for (i = 0; i < m->ntasks; i++)
		if (!m->tasks[i])
			return i;
	n = m->ntasks ? m->ntasks * 2 : 64;
	tasks = realloc(m->tasks, n * sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	memset(tasks + m->ntasks, 0, (n - m->ntasks) * sizeof(*tasks));
	m->tasks = tasks;
	m->ntasks = n;
	return i;
}

static struct task *task_new(struct muslin *m, uint32_t task, uint32_t kernel_sp)
{
	struct task *t;
	int id = task_slot(m);

	if (id < 0)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->stack = stack_get(m);
	if (!t->stack) {
		free(t);
		return NULL;
	}
	t->id = id;
	t->task = task;
	t->kernel_sp = kernel_sp;
	t->sp = switch_prepare(t->stack + NATIVE_STACK, task_main, m);
	m->tasks[id] = t;
	return t;
}

static void task_delete(struct muslin *m, struct task *t)
{
	m->tasks[t->id] = NULL;
	stack_put(m, t);
	free(t);
}

static struct task *task_get(struct muslin *m, uint32_t id)
{
	if (id >= (uint32_t)m->ntasks || !m->tasks[id])
		machine_halt(m, HALTED + HOST_PANIC);
	return m->tasks[id];
}

u32 w2c_host_task_create(struct w2c_host *h, u32 task, u32 sp)
{
	struct task *t = task_new(machine(h), task, sp);

	return t ? (u32)t->id : (u32)-ENOMEM;
}

/* The instance has one stack pointer and one TLS base: the running task's. */
static void user_save(struct task *t)
{
	const struct module_ops *ops;

	if (!t->mm)
		return;
	ops = t->mm->ops;
	t->user_sp = *ops->sp(t->mm->base);
	t->user_tls = *ops->tls(t->mm->base);
}

static void user_load(struct task *t)
{
	const struct module_ops *ops;

	if (!t->mm)
		return;
	ops = t->mm->ops;
	*ops->sp(t->mm->base) = t->user_sp;
	*ops->tls(t->mm->base) = t->user_tls;
	muslin_head(t->mm->base)->unwind = &t->unwind;
}

void w2c_host_task_switch(struct w2c_host *h, u32 prev, u32 next)
{
	struct muslin *m = machine(h);
	struct task *p = task_get(m, prev), *n = task_get(m, next);

	user_save(p);
	user_load(n);
	m->task = n;
	switch_stack(&p->sp, n->sp);
}

void w2c_host_task_free(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);

	task_delete(m, task_get(m, id));
}

void task_enter(struct muslin *m)
{
	switch_stack(&m->caller_sp, m->task->sp);
}

void task_leave(struct muslin *m)
{
	switch_stack(&m->task->sp, m->caller_sp);
}

int task_init(struct muslin *m)
{
	m->stacks = calloc(1, sizeof(*m->stacks));
	if (!m->stacks)
		return -ENOMEM;
	m->task = task_new(m, 0, 0);
	return m->task ? 0 : -ENOMEM;
}

void task_exit(struct muslin *m)
{
	int i;

	for (i = 0; i < m->ntasks; i++)
		if (m->tasks[i])
			task_delete(m, m->tasks[i]);
	free(m->tasks);
	m->tasks = NULL;
	m->ntasks = 0;
	if (!m->stacks)
		return;
	while (m->stacks->n)
		stack_unmap(m->stacks->stack[--m->stacks->n]);
	free(m->stacks);
	m->stacks = NULL;
}
