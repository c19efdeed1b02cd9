/* SPDX-License-Identifier: MIT */
/* Tasks are coroutines: each has a native stack. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/stack.h"
#include "machine/switch.h"

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

static void exec_main(void *arg)
{
	struct muslin *m = arg;

	w2c_vmlinux_task_exec(m->kernel, m->task->kernel_sp);
	abort();	/* does not return */
}

static int task_slot(struct muslin *m)
{
	struct task **tasks;
	int i, n;

	for (i = 0; i < m->ntasks; i++)
		if (!m->tasks[i])
			return i;
	n = m->ntasks ? m->ntasks * 2 : 64;
	tasks = arena_grow(m, m->tasks, m->ntasks * sizeof(*tasks), n * sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
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
	t = arena_alloc(m, sizeof(*t));
	if (!t)
		return NULL;
	t->id = id;
	t->task = task;
	t->kernel_sp = kernel_sp;
	t->fenv = fenv_get();
	m->tasks[id] = t;
	return t;
}

static void task_delete(struct muslin *m, struct task *t)
{
	if (t->stack) {
		if (t->stack->resident == t)
			t->stack->resident = NULL;
		stack_put(m, t->stack);
	}
	m->tasks[t->id] = NULL;
	free(t->saved);
	arena_free(m, t);
}

static struct task *task_get(struct muslin *m, uint32_t id)
{
	if (id >= (uint32_t)m->ntasks || !m->tasks[id])
		machine_refuse(m, "passed task %u, which there is not", id);
	return m->tasks[id];
}

/* Gives t an empty stack, on which fn will run. */
static int task_start(struct muslin *m, struct task *t, void (*fn)(void *arg))
{
	if (!t->stack)
		t->stack = stack_get(m);
	if (!t->stack)
		return -ENOMEM;
	t->stack->resident = t;
	t->sp = switch_prepare(stack_top(t->stack), fn, m);
	return 0;
}

static struct task *task_create(struct muslin *m, uint32_t task, uint32_t kernel_sp)
{
	struct task *t = task_new(m, task, kernel_sp);

	if (t && task_start(m, t, task_main)) {
		task_delete(m, t);
		return NULL;
	}
	return t;
}

u32 w2c_host_task_create(struct w2c_host *h, u32 task, u32 sp)
{
	struct task *t = task_create(machine(h), task, sp);

	return t ? (u32)t->id : (u32)-ENOMEM;
}

/*
 * What the child has on its stack: all that the parent has, from here up, and
 * below it what starts task_main().
 */
static int copy_stack(struct muslin *m, struct task *t, const struct task *parent,
		      const void *here)
{
	_Alignas(16) uint8_t frame[SWITCH_FRAME];
	uint8_t *low = (uint8_t *)((uintptr_t)here & -16l);
	uint8_t *sp = switch_prepare(frame + sizeof(frame), task_main, m);
	size_t n = frame + sizeof(frame) - sp, size = stack_top(parent->stack) - low;

	t->saved = malloc(n + size);
	if (!t->saved)
		return -ENOMEM;
	memcpy(t->saved, sp, n);
	memcpy((uint8_t *)t->saved + n, low, size);
	t->sp = low - n;
	t->stack = parent->stack;
	t->stack->refs++;
	return 0;
}

/* The instance has those of the running task. */
static void user_save(struct task *t)
{
	if (!t->mm)
		return;
	t->user_sp = *t->mm->ops->sp(t->mm->space->base);
	t->user_tls = *t->mm->ops->tls(t->mm->space->base);
	t->unwind = muslin_head(t->mm->space->base)->running;
}

u32 w2c_host_task_fork(struct w2c_host *h, u32 task, u32 sp)
{
	struct muslin *m = machine(h);
	struct task *parent = m->task, *t;

	if (!parent->fork_point)
		return -ENOSYS;
	if (!parent->mm)
		machine_refuse(m, "forked a task without a program");
	t = task_new(m, task, sp);
	if (!t)
		return -ENOMEM;
	m->stats.forks++;
	t->fork_point = parent->fork_point;
	t->fork_space = parent->mm->space;
	t->elsewhere = parent->elsewhere;
	user_save(parent);
	t->unwind = parent->unwind;
	t->user_sp = parent->user_sp;
	t->user_tls = parent->user_tls;
	if (copy_stack(m, t, parent, __builtin_frame_address(0))) {
		task_delete(m, t);
		return -ENOMEM;
	}
	return t->id;
}

_Noreturn void task_exec(struct muslin *m)
{
	struct task *t = m->task;
	struct stack *shared = NULL;
	void *here;

	t->mm = NULL;
	t->entered = false;
	t->fork_point = NULL;
	t->elsewhere = 0;
	t->fenv = 0;
	if (t->stack->refs > 1) {
		shared = t->stack;
		t->stack = NULL;
	} else {
		stack_close(t->stack);
	}
	if (task_start(m, t, exec_main)) {
		t->stack = shared;
		t->entered = true;
		user_trap(m, SIGKILL, SI_KERNEL, 0);
	}
	if (shared) {
		shared->resident = NULL;
		stack_put(m, shared);
	}
	m->look = task_look(t);
	switch_stack(&here, t->sp);
	abort();	/* nobody comes back */
}

void task_user_load(struct task *t)
{
	struct muslin_head *head;

	if (!t->mm)
		return;
	mm_make_resident(t->mm);
	*t->mm->ops->sp(t->mm->space->base) = t->user_sp;
	*t->mm->ops->tls(t->mm->space->base) = t->user_tls;
	head = muslin_head(t->mm->space->base);
	head->running = t->unwind;
	head->unwind = &head->running;
}

void w2c_host_task_switch(struct w2c_host *h, u32 prev, u32 next)
{
	struct muslin *m = machine(h);
	struct task *p = task_get(m, prev), *n = task_get(m, next);

	if (p != m->task)
		machine_refuse(m, "switched from task %u, which does not run", prev);
	if (n == p)
		machine_refuse(m, "switched from task %u to itself", prev);
	m->stats.switches++;
	user_save(p);
	m->task = n;
	task_user_load(m->task);
	stack_switch(m, p);
}

void w2c_host_task_free(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);
	struct task *t = task_get(m, id);

	if (t == m->task || id == BOOT_TASK)
		machine_refuse(m, "freed task %u, which runs or has to be there", id);
	task_delete(m, t);
}

bool task_look(const struct task *t)
{
	return t->stack->reserve_open || (t->entered && !t->mm);
}

void task_check(struct muslin *m)
{
	if (!m->task->mm)
		machine_refuse(m, "went back to a program that it has destroyed");
}

void task_forget_space(struct muslin *m, const struct space *s)
{
	int i;

	for (i = 0; i < m->ntasks; i++)
		if (m->tasks[i] && m->tasks[i]->fork_space == s)
			m->tasks[i]->fork_space = NULL;
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
	int err = stack_init(m);

	if (err)
		return err;
	m->task = task_create(m, 0, 0);
	return m->task ? 0 : -ENOMEM;
}

void task_exit(struct muslin *m)
{
	int i;

	for (i = 0; i < m->ntasks; i++)
		if (m->tasks[i])
			task_delete(m, m->tasks[i]);
	arena_free(m, m->tasks);
	m->tasks = NULL;
	m->ntasks = 0;
	stack_exit(m);
}
