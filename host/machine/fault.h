/* SPDX-License-Identifier: MIT */
/* Page faults and interrupts of user code. */
#ifndef MUSLIN_FAULT_H
#define MUSLIN_FAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

struct vcpu;

/* A SIGSEGV or SIGBUS while this thread runs v.  False: it is not the machine's. */
bool fault_handle(struct vcpu *v, int sig, uint8_t *addr, ucontext_t *uc);
/* The interrupt's signal came: what is due is raised, and user code interrupted for it. */
void fault_interrupt(struct vcpu *v, ucontext_t *uc);

/* The kernel's code, not ours which it called: kernel-text.h. */
extern const uint8_t kernel_text[] __asm__("__start_muslin_kernel") __attribute__((weak));
extern const uint8_t kernel_text_end[] __asm__("__stop_muslin_kernel") __attribute__((weak));

static inline bool is_kernel_text(const uint8_t *pc)
{
	return pc >= kernel_text && pc < kernel_text_end;
}

#endif
