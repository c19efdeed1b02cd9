/* SPDX-License-Identifier: MIT */
/* What is particular to a CPU: machine/x86_64/switch.S, machine/x86_64/switch.c. */
#ifndef MUSLIN_SWITCH_H
#define MUSLIN_SWITCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Saves callee-saved registers and the floating-point control words on the
 * running stack, its pointer in *save, and goes on with the stack load.
 */
void switch_stack(void **save, void *load);
/* fn(arg), called by whoever called the switch_stack() that left sp, as its stack says. */
void switch_peek(void *sp, void (*fn)(void *arg), void *arg);
/* More than switch_prepare() puts on a stack. */
#define SWITCH_FRAME 128
/* A stack, for switch_stack(), on which fn(arg) will run; it never returns. */
void *switch_prepare(void *top, void (*fn)(void *arg), void *arg);

/* The fault that a SIGSEGV or SIGBUS handler's context is about. */
bool context_is_write(const ucontext_t *uc);
void *context_sp(const ucontext_t *uc);
void *context_pc(const ucontext_t *uc);
/*
 * Changes uc so that, when the handler returns, fn(arg) runs on the stack
 * that was interrupted, or on that which ends at top if it is not NULL; when
 * fn returns, the interrupted code goes on exactly.  arg is copied there.
 */
void context_divert(ucontext_t *uc, void *top, void (*fn)(void *arg),
		    const void *arg, size_t size);

/*
 * The floating-point environment, as programs know it (doc/abi.md).  It is
 * the processor's own: what switch_stack() saves, and a host signal leaves.
 */
uint32_t fenv_get(void);
void fenv_set(uint32_t env);

#endif
