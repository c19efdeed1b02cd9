/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program calls a function for each system call.  Its number and arguments are
 * here while somebody asks for them at the task's calls: ptrace, seccomp, or one who
 * has looked once, whom the next call has an answer for.
 */
#ifndef _ASM_WASM_SYSCALL_H
#define _ASM_WASM_SYSCALL_H

#include <linux/err.h>
#include <linux/sched.h>
#include <linux/thread_info.h>
#include <uapi/linux/audit.h>
#include <asm/host.h>
#include <asm/ptrace.h>

static inline int syscall_get_nr(struct task_struct *t, struct pt_regs *r)
{
	if (r->nr == -1)
		set_task_syscall_work(t, WASM_ASKED);
	return r->nr;
}

/* As it was before the call: programs see nothing of it but what it returns. */
static inline void syscall_rollback(struct task_struct *t, struct pt_regs *r)
{
	r->ret = r->nr;
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
	memcpy(args, r->args, sizeof(r->args));
}

static inline int syscall_get_arch(struct task_struct *t)
{
	return AUDIT_ARCH_WASM32;
}

static inline bool arch_syscall_is_vdso_sigreturn(struct pt_regs *r)
{
	return false;
}

#endif
