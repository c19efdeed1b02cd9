/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_STACK_H
#define MUSLIN_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct muslin;
struct task;
struct vcpu;

/*
 * A task's native stacks.  On the lower one the kernel runs; it is empty while
 * user code does.  The other is user code's, and of those functions of the host
 * that lie between user code and the kernel: thunks, and what calls handlers.
 *
 * When user code has used up its part, the reserve is opened: for the handler of
 * the SIGSEGV, and what it calls.  The part below is for the host's functions, if
 * they are called with little left: user code that comes back to find it open is
 * killed.
 *
 *	stack - NATIVE_GUARD	never mapped
 *	stack			the kernel's
 *	stack + NATIVE_KERNEL	its top; never mapped
 *	stack + NATIVE_HOST	for the host's functions, closed at first
 *	stack + NATIVE_HANDLER	reserve, closed at first
 *	stack + NATIVE_RESERVE	what user code can use
 *	stack + NATIVE_STACK	top
 */
#define NATIVE_GUARD	(256u << 10)
#define NATIVE_KERNEL	(256u << 10)
#define NATIVE_HOST	(NATIVE_KERNEL + NATIVE_GUARD)
#define NATIVE_HANDLER	(NATIVE_HOST + (64u << 10))
#define NATIVE_RESERVE	(NATIVE_HANDLER + (256u << 10))
#define NATIVE_STACK	(NATIVE_RESERVE + (8704u << 10))

struct stack {
	uint8_t *base;
	bool reserve_open;
	bool host_open;
	bool told;		/* user code has got its SIGSEGV */
	uint32_t kept;		/* not 0: it is in the machine's image, and not here yet */
};

int stack_init(struct muslin *m);
void stack_exit(struct muslin *m);

/* What is in it is there, or the machine ends. */
void stack_bring(struct muslin *m, struct stack *s);
/* Deletes those that are not in use. */
void stack_drop(struct muslin *m);

/* NULL: no memory. */
struct stack *stack_get(struct muslin *m);
void stack_put(struct muslin *m, struct stack *s);
/* There is time: unused stacks' memory goes back to the host. */
void stack_trim(struct muslin *m);
/* The user's, which begins below struct muslin_unwind, and the kernel's. */
uint8_t *stack_end(const struct stack *s);
struct muslin_unwind *stack_unwind(const struct stack *s);
uint8_t *stack_top(const struct stack *s);
uint8_t *stack_kernel_top(const struct stack *s);
/* Where t, which runs in the kernel, has left the user's stack. */
uint8_t *stack_user_sp(const struct task *t);
/* What is to be mapped of a stack at first.  0 or -1 with errno. */
int stack_protect(uint8_t *base);
/* See NATIVE_RESERVE.  The next part that is closed of the running task's; false: there is none. */
bool stack_open_next(struct vcpu *v);
void stack_close(struct stack *s);
enum stack_left {
	STACK_ENOUGH,
	STACK_TELL,		/* it is used up, of which the program has not heard */
	STACK_OVER,		/* so is what the host's functions had: the program dies */
};
/*
 * Before user code of the running task runs: closes what was opened if the caller,
 * and so all that is left, is above it.
 */
enum stack_left stack_settle(void);

/* fn(arg) on a stack that nobody has used up.  0 or -ENOMEM. */
int stack_call(struct muslin *m, void (*fn)(void *arg), void *arg);

#endif
