/* SPDX-License-Identifier: MIT */
/* Programs: into user code, and back. */
#ifndef MUSLIN_USER_H
#define MUSLIN_USER_H

#include <stdbool.h>
#include <stdint.h>

struct muslin_rt;

/* A program that a job loaded is there: from any thread. */
void user_loaded(void *m);
/* The way back to user code after an entry of the kernel.  True: again. */
bool user_return(uint32_t *ret);
/* Interrupts that came while in_user was 0. */
void user_irq(void);

/* What a child does first, where its parent called fork(): returns 0. */
uint32_t user_forked(void);

/* The running program gets a signal for what it just did. */
_Noreturn void user_trap(int sig, int code, uint32_t addr);
extern const struct muslin_rt user_rt;

#endif
