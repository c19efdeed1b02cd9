/* SPDX-License-Identifier: MIT */
/* Native stacks, of which there is a pool. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "machine/kernel.h"
#include "machine/machine.h"
#include "core/share.h"
#include "host_page.h"
#include "machine/stack.h"
#include "machine/switch.h"
#include "machine/task.h"
#include "machine/x86_64/this-vcpu.h"

#define POOL_MAX 256
#define POOL_WHOLE 8
#define KEEP (64 << 10)
/* more than closing it needs */
#define SETTLE_DISTANCE 1024

/* The last ones still have all memory that they ever used. */
struct stack_pool {
	int n;
	int trimmed;
	struct stack *stack[POOL_MAX];
};

/* The host's: both stacks, and what is closed below each. */
#define STACK_MAPPINGS 4

int stack_protect(uint8_t *base)
{
	int r = mprotect(base, NATIVE_KERNEL, PROT_READ | PROT_WRITE);

	return r ? r : mprotect(base + NATIVE_RESERVE, NATIVE_STACK - NATIVE_RESERVE,
				PROT_READ | PROT_WRITE);
}

static uint8_t *map_stack(struct muslin *m)
{
	uint8_t *p = arena_map(m, NATIVE_GUARD + NATIVE_STACK);

	if (!p)
		return NULL;
	if (!stack_protect(p + NATIVE_GUARD))
		return p + NATIVE_GUARD;
	arena_unmap(m, p, NATIVE_GUARD + NATIVE_STACK);
	return NULL;
}

static struct stack *stack_new(struct muslin *m)
{
	struct stack *s;

	if (!share_take(&share_mappings, &m->mappings, STACK_MAPPINGS))
		return NULL;
	s = arena_alloc(m, sizeof(*s));
	if (s)
		s->base = map_stack(m);
	if (s && s->base)
		return s;
	arena_free(m, s);
	share_give(&share_mappings, &m->mappings, STACK_MAPPINGS);
	return NULL;
}

static void stack_delete(struct muslin *m, struct stack *s)
{
	arena_unmap(m, s->base - NATIVE_GUARD, NATIVE_GUARD + NATIVE_STACK);
	share_give(&share_mappings, &m->mappings, STACK_MAPPINGS);
	arena_free(m, s);
}

struct stack *stack_get(struct muslin *m)
{
	struct stack_pool *pool = m->stacks;
	struct stack *s = pool->n ? pool->stack[--pool->n] : stack_new(m);

	if (pool->trimmed > pool->n)
		pool->trimmed = pool->n;
	return s;
}

/* All but what every task touches goes back to the host. */
static void trim_one(struct stack_pool *pool)
{
	uint8_t *base = pool->stack[pool->trimmed++]->base;

	madvise(base, NATIVE_KERNEL - KEEP, MADV_DONTNEED);
	madvise(base + NATIVE_RESERVE, NATIVE_STACK - NATIVE_RESERVE - KEEP, MADV_DONTNEED);
}

void stack_trim(struct muslin *m)
{
	while (m->stacks->trimmed < m->stacks->n)
		trim_one(m->stacks);
}

void stack_bring(struct muslin *m, struct stack *s)
{
	if (__builtin_expect(!s->kept, 1) || !m->bring_stack(m, s))
		return;
	fail(m, -ENOMEM, "the host has no memory for a stack");
	machine_halt(m, HALTED + HOST_NO_MEMORY);
}

void stack_put(struct muslin *m, struct stack *s)
{
	struct stack_pool *pool = m->stacks;

	stack_close(s);
	if (pool->n == POOL_MAX || s->kept) {
		stack_delete(m, s);
		return;
	}
	pool->stack[pool->n++] = s;
	if (pool->n - pool->trimmed > POOL_WHOLE)
		trim_one(pool);
}

bool stack_open_next(struct vcpu *v)
{
	struct stack *s = v->task->stack;

	if (s->host_open)
		return false;
	if (mprotect(s->base + (s->reserve_open ? NATIVE_HOST : NATIVE_HANDLER),
		     s->reserve_open ? NATIVE_HANDLER - NATIVE_HOST :
				       NATIVE_RESERVE - NATIVE_HANDLER,
		     PROT_READ | PROT_WRITE))
		return false;
	s->host_open = s->reserve_open;
	s->reserve_open = v->look = true;
	return true;
}

void stack_close(struct stack *s)
{
	if (s->reserve_open)
		mprotect(s->base + NATIVE_HOST, NATIVE_RESERVE - NATIVE_HOST, PROT_NONE);
	s->reserve_open = s->host_open = s->told = false;
}

enum stack_left stack_settle(void)
{
	struct vcpu *v = this_vcpu();
	struct task *t = v->task;
	struct stack *s = t->stack;
	uint8_t *here = __builtin_frame_address(0);

	if (!s->reserve_open)
		return STACK_ENOUGH;
	if (s->host_open)
		return STACK_OVER;
	if (here > s->base + NATIVE_RESERVE + SETTLE_DISTANCE) {
		stack_close(s);
		v->look = task_look(t);
	} else if (!s->told) {
		s->told = true;
		return STACK_TELL;
	}
	return STACK_ENOUGH;
}

uint8_t *stack_end(const struct stack *s)
{
	return s->base + NATIVE_STACK;
}

struct muslin_unwind *stack_unwind(const struct stack *s)
{
	return (struct muslin_unwind *)stack_end(s) - 1;
}

uint8_t *stack_top(const struct stack *s)
{
	return (uint8_t *)((uintptr_t)stack_unwind(s) & ~(uintptr_t)63);
}

uint8_t *stack_kernel_top(const struct stack *s)
{
	return s->base + NATIVE_KERNEL;
}

uint8_t *stack_user_sp(const struct task *t)
{
	if (t->fork_sp)
		return t->fork_sp;
	/* KERNEL_ENTRY() has put it there */
	return t->entered ? ((uint8_t **)stack_kernel_top(t->stack))[-1] : stack_top(t->stack);
}

struct call {
	void (*fn)(void *arg);
	void *arg;
	void *caller, *here;
};

static void call_main(void *arg)
{
	struct call *c = arg;

	c->fn(c->arg);
	switch_stack(&c->here, c->caller);
	abort();	/* nobody comes back */
}

int stack_call(struct muslin *m, void (*fn)(void *arg), void *arg)
{
	struct task *t = this_task();
	struct stack *own = t->stack, *s = stack_get(m);
	struct call c = { .fn = fn, .arg = arg };

	if (!s)
		return -ENOMEM;
	/* its guard is the one that counts */
	t->stack = s;
	switch_stack(&c.caller, switch_prepare(stack_top(s), call_main, &c));
	t->stack = own;
	this_vcpu()->look = task_look(t);
	stack_put(m, s);
	return 0;
}

int stack_init(struct muslin *m)
{
	m->stacks = arena_alloc(m, sizeof(*m->stacks));
	if (!m->stacks)
		return -ENOMEM;
	return 0;
}

void stack_drop(struct muslin *m)
{
	while (m->stacks->n)
		stack_delete(m, m->stacks->stack[--m->stacks->n]);
	m->stacks->trimmed = 0;
}

void stack_exit(struct muslin *m)
{
	if (!m->stacks)
		return;
	stack_drop(m);
	arena_free(m, m->stacks);
	m->stacks = NULL;
}
