/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_STACK_H
#define MUSLIN_STACK_H

#include <stdint.h>

struct muslin;
struct stack;
struct task;

int stack_init(struct muslin *m);
void stack_exit(struct muslin *m);

/* NULL: no memory.  It has one user, and nobody is resident. */
struct stack *stack_get(struct muslin *m);
void stack_put(struct muslin *m, struct stack *s);
uint8_t *stack_top(const struct stack *s);
/* See NATIVE_RESERVE. */
void stack_open_reserve(struct stack *s);
void stack_close_reserve(struct stack *s);
/* Closes it if the caller, and so all that is left, is above it. */
void stack_settle(struct stack *s);

/* From the stack of from, which runs, to that of m->task. */
void stack_switch(struct muslin *m, struct task *from);

#endif
