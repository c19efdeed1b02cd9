/* SPDX-License-Identifier: GPL-2.0 */
/* System calls have names here, not numbers: tracers see -1. */
#ifndef _ASM_WASM_SYSCALL_H
#define _ASM_WASM_SYSCALL_H

#include <linux/err.h>
#include <linux/sched.h>
#include <uapi/linux/audit.h>
#include <asm/host.h>
#include <asm/ptrace.h>

static inline int syscall_get_nr(struct task_struct *t, struct pt_regs *r)
{
	return -1;
}

static inline void syscall_rollback(struct task_struct *t, struct pt_regs *r)
{
}

static inline long syscall_get_error(struct task_struct *t, struct pt_regs *r)
{
	return IS_ERR_VALUE(r->ret) ? r->ret : 0;
}

static inline long syscall_get_return_value(struct task_struct *t, struct pt_regs *r)
{
	return r->ret;
}

static inline void syscall_set_return_value(struct task_struct *t, struct pt_regs *r,
					    int error, long val)
{
	r->ret = error ?: val;
}

static inline void syscall_get_arguments(struct task_struct *t, struct pt_regs *r,
					 unsigned long *args)
{
	memset(args, 0, 6 * sizeof(*args));
}

static inline int syscall_get_arch(struct task_struct *t)
{
	return 0;
}

#endif
