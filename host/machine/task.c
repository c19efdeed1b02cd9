/* SPDX-License-Identifier: MIT */
/* Tasks are coroutines: each has native stacks of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/cpus.h"
#include "machine/fork.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/switch.h"
#include "machine/task.h"
#include "machine/x86_64/this-vcpu.h"

/* The first function on a task's stack. */
static void task_main(void *arg)
{
	struct muslin *m = arg;
	const struct task *t = this_task();

	if (t->id == BOOT_TASK)
		w2c_vmlinux_boot(m->kernel);
	else
		w2c_vmlinux_task_entry(m->kernel, t->task, t->kernel_sp);
	abort();	/* neither returns */
}

static void exec_main(void *arg)
{
	struct muslin *m = arg;

	w2c_vmlinux_task_exec(m->kernel, this_task()->kernel_sp);
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
	/* other vCPUs may be looking at the old ones, which are few: they stay */
	tasks = m->cpus > 1 ? calloc(n, sizeof(*tasks)) :
		arena_grow(m, m->tasks, m->ntasks * sizeof(*tasks), n * sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	if (m->cpus > 1 && m->ntasks)
		memcpy(tasks, m->tasks, m->ntasks * sizeof(*tasks));
	__atomic_store_n(&m->tasks, tasks, __ATOMIC_SEQ_CST);
	__atomic_store_n(&m->ntasks, n, __ATOMIC_SEQ_CST);
	return i;
}

/* Of several vCPUs: what one has found stays a task, if perhaps another one. */
static struct task *task_memory(struct muslin *m)
{
	struct task *t = m->unused_tasks;

	if (!t)
		return arena_alloc(m, sizeof(*t));
	m->unused_tasks = t->next;
	memset(t, 0, sizeof(*t));
	return t;
}

static struct task *task_new(struct muslin *m, uint32_t task, uint32_t kernel_sp)
{
	struct task *t;
	int id = task_slot(m);

	if (id < 0)
		return NULL;
	t = task_memory(m);
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
	if (t->stack)
		stack_put(m, t->stack);
	m->tasks[t->id] = NULL;
	if (t->mm)
		mm_leave(m, t);
	if (m->cpus > 1) {
		t->sp = NULL;
		t->next = m->unused_tasks;
		m->unused_tasks = t;
		return;
	}
	arena_free(m, t);
}

struct task *task_get(struct muslin *m, uint32_t id)
{
	/* in this order: others make both larger, the tasks first */
	uint32_t n = __atomic_load_n(&m->ntasks, __ATOMIC_SEQ_CST);
	struct task *t = id < n ? __atomic_load_n(&m->tasks, __ATOMIC_SEQ_CST)[id] : NULL;

	if (!t)
		machine_refuse(m, "passed task %u, which there is not", id);
	return t;
}

static void *take(struct task *t)
{
	return __atomic_exchange_n(&t->sp, NULL, __ATOMIC_SEQ_CST);
}

void *task_take(struct muslin *m, struct task *t)
{
	void *sp;

	if (m->cpus <= 1)
		return t->sp;
	while (!(sp = take(t))) {
		if (__atomic_load_n(&t->walked, __ATOMIC_SEQ_CST))
			continue;
		sp = take(t);
		if (sp)
			break;
		machine_refuse(m, "switched to task %d, which runs, or is no more", t->id);
	}
	return sp;
}

void *task_walk(struct task *t)
{
	void *sp;

	__atomic_store_n(&t->walked, true, __ATOMIC_SEQ_CST);
	sp = take(t);
	if (!sp)
		__atomic_store_n(&t->walked, false, __ATOMIC_SEQ_CST);
	return sp;
}

void task_walked(struct task *t, void *sp)
{
	__atomic_store_n(&t->sp, sp, __ATOMIC_SEQ_CST);
	__atomic_store_n(&t->walked, false, __ATOMIC_SEQ_CST);
}

/* Gives t empty stacks, on the kernel's of which fn will run. */
static int task_start(struct muslin *m, struct task *t, void (*fn)(void *arg))
{
	if (!t->stack)
		t->stack = stack_get(m);
	if (!t->stack)
		return -ENOMEM;
	t->sp = switch_prepare(stack_kernel_top(t->stack), fn, m);
	return 0;
}

/* Whether programs may have one more. */
static bool has_room(const struct muslin *m)
{
	uint32_t n = 0;

	if (!m->limits.tasks || !this_task()->mm)
		return true;
	for (int i = 0; i < m->ntasks; i++)
		n += m->tasks[i] && m->tasks[i]->by_user;
	return n < m->limits.tasks;
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
	struct task *t;

	if (!has_room(machine(h)))
		return -EAGAIN;
	t = task_create(machine(h), task, sp);
	if (!t)
		return -ENOMEM;
	t->by_user = this_task()->mm;
	return t->id;
}

void task_user_save(const struct vcpu *v, struct task *t)
{
	t->user_sp = v->words.sp;
	t->user_tls = v->words.tls;
}

u32 w2c_host_task_fork(struct w2c_host *h, u32 task, u32 sp)
{
	struct muslin *m = machine(h);
	struct task *parent = this_task(), *t;

	if (!parent->fork_point)
		return -ENOSYS;
	if (!parent->mm)
		machine_refuse(m, "forked a task without a program");
	if (!has_room(m))
		return -EAGAIN;
	t = task_create(m, task, sp);
	if (!t)
		return -ENOMEM;
	m->stats.forks++;
	t->by_user = true;
	t->elsewhere = parent->elsewhere;
	task_user_save(this_vcpu(), parent);
	fork_stack(t, parent);
	return t->id;
}

_Noreturn void task_exec(void)
{
	struct muslin *m = this_vcpu()->machine;
	struct task *t = this_task();
	void *here;

	cpus_lock(m);
	if (t->mm)
		mm_leave(m, t);
	cpus_unlock(m);
	t->entered = false;
	t->fork_point = NULL;
	t->fork_sp = NULL;
	t->interrupted = NULL;
	t->elsewhere = 0;
	t->fenv = 0;
	stack_close(t->stack);
	this_vcpu()->look = task_look(t);
	switch_stack(&here, switch_prepare(stack_kernel_top(t->stack), exec_main, m));
	abort();	/* nobody comes back */
}

void task_user_load(struct vcpu *v, const struct task *t)
{
	v->words.kernel_stack = stack_kernel_top(t->stack);
	v->words.unwind = stack_unwind(t->stack);
	v->words.instance = t->mm ? t->mm->space->base : NULL;
	v->words.sp = t->user_sp;
	v->words.tls = t->user_tls;
}

void w2c_host_task_switch(struct w2c_host *h, u32 prev, u32 next)
{
	struct muslin *m = machine(h);
	struct task *p = task_get(m, prev), *n = task_get(m, next);
	struct vcpu *v = this_vcpu();
	void *sp;

	if (p != v->task)
		machine_refuse(m, "switched from task %u, which does not run", prev);
	if (n == p)
		machine_refuse(m, "switched from task %u to itself", prev);
	sp = task_take(m, n);
	m->stats.switches++;
	stack_bring(m, n->stack);
	task_user_save(v, p);
	v->task = n;
	task_user_load(v, n);
	v->look = task_look(n);
	switch_stack(&p->sp, sp);
}

static bool is_running(const struct muslin *m, const struct task *t)
{
	for (int i = 0; i < VCPUS; i++)
		if (m->vcpus[i].task == t)
			return true;
	return false;
}

void w2c_host_task_free(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);
	struct task *t = task_get(m, id);

	if (is_running(m, t) || id == BOOT_TASK || (m->cpus > 1 && !task_walk(t)))
		machine_refuse(m, "freed task %u, which runs or has to be there", id);
	task_delete(m, t);
}

bool task_look(const struct task *t)
{
	return t->stack->reserve_open || (t->entered && (!t->mm || t->mm->gone));
}

void task_check(void)
{
	const struct mm *mm = this_task()->mm;

	if (!mm || mm->gone)
		machine_refuse(this_vcpu()->machine, "went back to a program that it has destroyed");
}

void task_enter(struct vcpu *v)
{
	stack_bring(v->machine, v->task->stack);
	switch_stack(&v->caller_sp, v->start);
}

void task_leave(void)
{
	switch_stack(&this_task()->sp, this_vcpu()->caller_sp);
}

int task_init(struct muslin *m)
{
	struct vcpu *v = boot_vcpu(m);
	int err = stack_init(m);

	if (err)
		return err;
	v->task = task_create(m, 0, 0);
	return v->task ? 0 : -ENOMEM;
}

void task_exit(struct muslin *m)
{
	struct task *t;
	int i;

	for (i = 0; i < m->ntasks; i++)
		if (m->tasks[i])
			task_delete(m, m->tasks[i]);
	while ((t = m->unused_tasks)) {
		m->unused_tasks = t->next;
		arena_free(m, t);
	}
	arena_free(m, m->tasks);
	m->tasks = NULL;
	m->ntasks = 0;
	stack_exit(m);
}
