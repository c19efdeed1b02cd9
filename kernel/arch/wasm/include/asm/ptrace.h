/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_PTRACE_H
#define _ASM_WASM_PTRACE_H

#include <uapi/asm/ptrace.h>

#ifndef __ASSEMBLY__

/*
 * There are no registers to save: a task in the kernel has its state on its
 * native stack.  What is left is how its program starts, and what it does now.
 */
struct pt_regs {
	unsigned long user;	/* user code was interrupted, not the kernel */
	unsigned long pc;	/* where to start: table index, 0 for _start */
	unsigned long sp;	/* the argument to start with: the stack */
	unsigned long tls;	/* and __tls_base */
	unsigned long ret;	/* of the system call on its way back */
	unsigned long syscall;	/* it is on its way back from one */
	int nr;			/* of the one that it is in, if somebody has asked; or -1 */
	unsigned long args[6];	/* and its arguments: 64 bits are two */
	unsigned long seen;	/* by whoever asked: now make it */
	unsigned long exec;	/* it is another program from here on */
	unsigned long forked;	/* goes on where its parent called */
	unsigned long restart;	/* and that one is to be made again */
};

#define user_mode(r)			((r)->user != 0)
#define instruction_pointer(r)		((r)->pc)
#define user_stack_pointer(r)		((r)->sp)
#define current_user_stack_pointer()	host_user_sp()	/* asm/host.h */
#define kernel_stack_pointer(r)		((r)->sp)
#define profile_pc(r)			((r)->pc)

/* What a tracer sees of the program, while there is one. */
void wasm_save_user(void);
#define arch_ptrace_stop_needed()	true
#define arch_ptrace_stop()		wasm_save_user()

static inline unsigned long regs_return_value(struct pt_regs *r)
{
	return r->ret;
}

static inline void instruction_pointer_set(struct pt_regs *r, unsigned long v)
{
	r->pc = v;
}

#endif
#endif
