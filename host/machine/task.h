/* SPDX-License-Identifier: MIT */
/* Tasks of the kernel, each a coroutine. */
#ifndef MUSLIN_TASK_H
#define MUSLIN_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "cgen/abi.h"

struct mm;
struct muslin;
struct stack;
struct vcpu;

#define BOOT_TASK 0

/* What user code did last that was a trap or a fault. */
struct trap {
	wasm_rt_trap_t reason;
	const char *function;	/* in the module's native code; or NULL, and */
	const uint8_t *pc;
	/* where that goes on if pc is in a function that it called, of ours or libc's */
	const uint8_t *caller;
	uint32_t addr;		/* for reason NONE, a fault */
};

struct task {
	int id;
	uint32_t task;		/* arguments of task_entry(); 0 for the boot task */
	uint32_t kernel_sp;
	struct stack *stack;
	/*
	 * Where it was switched away from, on the kernel's.  Of several vCPUs, the one
	 * that takes it runs the task: it is NULL until that has left it again.
	 */
	void *sp;
	bool walked;		/* no vCPU runs it: its frames are looked at */
	struct task *next;	/* of m->unused_tasks */

	/* of user code */
	struct mm *mm;		/* the one it runs in, NULL if none */
	uint32_t user_sp;	/* while it does not run */
	uint32_t user_tls;
	uint32_t fenv;		/* that it starts with: its creator's */
	struct trap trap;
	bool by_user;		/* made by a program, not by the kernel */
	bool entered;		/* there is a program on the stack; it is gone if mm is NULL */
	uint32_t start_entry, start_arg;	/* of user_run(), until that program runs */
	/*
	 * The outermost interruption of user code between two of its instructions on
	 * the stack, or NULL: it may have addresses of memory in registers.
	 */
	const uint8_t *interrupted;
	bool in_fault;		/* the kernel handles a fault of its program */
	int elsewhere;		/* interruptions of code that is not the module's */
	bool oops;		/* it faulted in the kernel, and is to die there */
	/* in the thunk of the system call that forks, while the kernel is in it */
	struct muslin_jump *fork_point;
	/* Of a child that has not run: where that is, and whose program it will find. */
	uint8_t *fork_sp, *fork_base;
	uint64_t fork_family;
};

int task_init(struct muslin *m);
void task_exit(struct muslin *m);
/* t's words of user code become the vCPU's, and the other way round. */
void task_user_load(struct vcpu *v, const struct task *t);
void task_user_save(const struct vcpu *v, struct task *t);
/* Starts the running task's new program on an empty stack. */
_Noreturn void task_exec(void);
/* Switches from API caller to the task that v runs, and from the running one back. */
void task_enter(struct vcpu *v);
void task_leave(void);
/* Where t goes on, which is the caller's to run now. */
void *task_take(struct muslin *m, struct task *t);
/* The same to look at its frames, and give it back; NULL: it runs. */
void *task_walk(struct task *t);
void task_walked(struct task *t, void *sp);
/* The task of that id; the machine ends if there is none. */
struct task *task_get(struct muslin *m, uint32_t id);
/* What vcpu.look is to be while t runs. */
bool task_look(const struct task *t);
/* The running task must not go back to a program that is gone. */
void task_check(void);

#endif
