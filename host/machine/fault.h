/* SPDX-License-Identifier: MIT */
/* Host signals: page faults, and the interrupt. */
#ifndef MUSLIN_FAULT_H
#define MUSLIN_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct muslin;

/* Host signals while a machine runs on this thread: saved and put back. */
struct host_signals;
int fault_start(struct muslin *m);
void fault_stop(struct muslin *m);
struct muslin *fault_machine(void);
/* The signal that clock.c's timer sends, and the value that comes with it. */
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
