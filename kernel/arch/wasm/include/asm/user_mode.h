/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_USER_MODE_H
#define _ASM_WASM_USER_MODE_H

#include <asm/vcpu.h>

struct pt_regs;

/*
 * What is due before user code of this task runs: reschedule, signals, task
 * work, mappings.  May leave a HOST_USER_CALL in host_page.
 */
void wasm_user_work(void);
/* The same at the end of a system call that returned ret; the new ret. */
long wasm_syscall_work(long ret);

/*
 * What the host calls, by name, on the task's native stack.  After each the
 * host looks at host_page.action.
 */
#define __export(name) __attribute__((export_name(#name)))

/* User code touched a page that is not mapped. */
void __export(user_fault) wasm_user_fault(unsigned long addr, int write);
/* User code trapped for good: the signal to give it, and its si_code. */
void __export(user_trap) wasm_user_trap(int sig, int code, unsigned long addr);
/*
 * The kernel itself touched a page that is not mapped.  Returns if the machine
 * cannot go on; if not, the task is no more.
 */
void __export(kernel_fault) wasm_kernel_fault(unsigned long addr);
/* User code was interrupted: host_page.irq_pending is not 0. */
void __export(user_irq) wasm_user_irq(void);
/* User code is about to run: is there a signal? */
void __export(user_enter) wasm_user_enter(void);
/*
 * A signal handler has returned: puts back what was saved in its frame.  True
 * if it wishes that the system call it interrupted fails with EINTR.
 */
int __export(user_sigreturn) wasm_user_sigreturn(unsigned long info);

#endif
