/* SPDX-License-Identifier: MIT */
/* Host signals, and the vCPU that they are for. */
#ifndef MUSLIN_SIGNALS_H
#define MUSLIN_SIGNALS_H

#include <stdbool.h>

struct vcpu;

/* Host signals while a vCPU runs on this thread: saved and put back. */
int signals_start(struct vcpu *v);
void signals_stop(struct vcpu *v);
/* The vCPU that this thread runs, or NULL: for whoever may be on any thread. */
struct vcpu *signals_vcpu(void);
/* The signal that clock.c's timers send, and cpus.c, and the value that comes with it. */
int signals_irq(void);
void *signals_irq_tag(void);
/* Is sp on the stack of v's signal handlers? */
bool signals_stack_has(const struct vcpu *v, const void *sp);

#endif
