/* SPDX-License-Identifier: MIT */
/* Host signals: page faults, and the interrupt. */
#ifndef MUSLIN_FAULT_H
#define MUSLIN_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* Host signals while a vCPU runs on this thread: saved and put back. */
int fault_start(struct vcpu *v);
void fault_stop(struct vcpu *v);
/* The vCPU that this thread runs, or NULL: for whoever may be on any thread. */
struct vcpu *fault_vcpu(void);
/* The signal that clock.c's timers send, and the value that comes with it. */
int fault_irq_signal(void);
void *fault_irq_tag(void);

/* The kernel's code, not ours which it called: kernel-text.h. */
extern const uint8_t kernel_text[] __asm__("__start_muslin_kernel") __attribute__((weak));
extern const uint8_t kernel_text_end[] __asm__("__stop_muslin_kernel") __attribute__((weak));

static inline bool is_kernel_text(const uint8_t *pc)
{
	return pc >= kernel_text && pc < kernel_text_end;
}

#endif
