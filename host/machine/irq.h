/* SPDX-License-Identifier: MIT */
/* Interrupts: bits in a word that host and kernel share. */
#ifndef MUSLIN_IRQ_H
#define MUSLIN_IRQ_H

#include "host_page.h"
#include "machine/machine.h"

static inline void irq_raise(struct muslin *m, unsigned int bits)
{
	__atomic_fetch_or(&m->page->irq_pending, bits, __ATOMIC_SEQ_CST);
}

static inline bool irq_pending(struct muslin *m)
{
	return *(volatile unsigned int *)&m->page->irq_pending;
}

/* Anything that has to be looked at before user code runs. */
static inline bool user_pending(struct muslin *m)
{
	return __builtin_expect(irq_pending(m) | m->look, 0);
}

#endif
