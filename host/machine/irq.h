/* SPDX-License-Identifier: MIT */
/* Interrupts: bits in a word that host and kernel share. */
#ifndef MUSLIN_IRQ_H
#define MUSLIN_IRQ_H

#include "host_page.h"
#include "machine/machine.h"
#include "machine/x86_64/this-vcpu.h"

/* Those of them that were there before. */
static inline unsigned int vcpu_raise(struct vcpu *v, unsigned int bits)
{
	return __atomic_fetch_or(&v->page->irq_pending, bits, __ATOMIC_SEQ_CST) & bits;
}

/* Interrupts that are about none of its vCPUs. */
static inline void irq_raise(struct muslin *m, unsigned int bits)
{
	vcpu_raise(boot_vcpu(m), bits);
}

static inline bool irq_pending(const struct vcpu *v)
{
	return *(volatile unsigned int *)&v->page->irq_pending;
}

/* Anything that has to be looked at before user code runs. */
static inline bool user_pending(const struct vcpu *v)
{
	return __builtin_expect(irq_pending(v) | v->look, 0);
}

/* The same of the vCPU that runs on this thread, with fewest instructions: for thunks. */
static inline bool this_pending(void)
{
	return __builtin_expect(*(volatile unsigned int *)&this_page()->irq_pending |
				this_look(), 0);
}

#endif
