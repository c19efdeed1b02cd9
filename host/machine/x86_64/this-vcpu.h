/* SPDX-License-Identifier: MIT */
/*
 * The vCPU that runs on this thread, where one does: in the kernel, in its imports,
 * in thunks; not in a handler of a host signal, which comes to other threads, too.
 *
 * A task that was switched away from may go on on another vCPU.  So nobody keeps
 * what these give while the kernel runs, or anything else that may switch: volatile
 * keeps compilers from it.  The machine, and the task, stay the same.
 */
#ifndef MUSLIN_THIS_VCPU_H
#define MUSLIN_THIS_VCPU_H

#include <stddef.h>

#include "machine/vcpu.h"

static inline struct vcpu *this_vcpu(void)
{
	struct vcpu *v;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	return v;
}

static inline struct task *this_task(void)
{
	struct task *t;

	__asm__ volatile("mov %%gs:%c1, %0" : "=r"(t) : "i"(offsetof(struct vcpu, task)));
	return t;
}

static inline struct host_page *this_page(void)
{
	struct host_page *p;

	__asm__ volatile("mov %%gs:%c1, %0" : "=r"(p) : "i"(offsetof(struct vcpu, page)));
	return p;
}

static inline uint32_t this_look(void)
{
	uint32_t look;

	__asm__ volatile("movzbl %%gs:%c1, %0" : "=r"(look) : "i"(offsetof(struct vcpu, look)));
	return look;
}

/* In one instruction: where user code is interrupted, its task may be moved. */
static inline void set_in_user(bool yes)
{
	__asm__ volatile("movl %1, %%gs:%c0" : : "i"(offsetof(struct vcpu, in_user)),
			 "ri"((int)yes) : "memory");
}

#endif
