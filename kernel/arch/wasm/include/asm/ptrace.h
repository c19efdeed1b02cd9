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
	unsigned long forked;	/* goes on where its parent called */
	unsigned long restart;	/* and that one is to be made again */
};

#define user_mode(r)			((r)->user != 0)
#define instruction_pointer(r)		((r)->pc)
#define user_stack_pointer(r)		((r)->sp)
#define current_user_stack_pointer()	host_user_sp()	/* asm/host.h */
#define kernel_stack_pointer(r)		((r)->sp)
#define profile_pc(r)			((r)->pc)

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
