/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_PROCESSOR_H
#define _ASM_WASM_PROCESSOR_H

#include <asm/ptrace.h>

struct task_struct;

struct thread_struct {
	int (*fn)(void *);	/* a kernel thread's function */
	void *fn_arg;
	bool eintr;		/* the next system call may not sleep */
	int host;		/* the host's id of the task; 0 is init_task's */
	int space;		/* the address space that its user code runs in */
};

#define INIT_THREAD		{ }

/* the last page is never mapped, so that an end is never 0 */
#define TASK_SIZE		0xffff0000UL
#define TASK_UNMAPPED_BASE	PAGE_ALIGN(TASK_SIZE / 3)
#define STACK_TOP		TASK_SIZE
#define STACK_TOP_MAX		TASK_SIZE

#define task_pt_regs(t) \
	((struct pt_regs *)(task_stack_page(t) + THREAD_SIZE) - 1)
#define KSTK_EIP(t)		0
#define KSTK_ESP(t)		0

/* nobody but an interrupt changes what a loop on one CPU waits for */
void cpu_relax(void);

unsigned long __get_wchan(struct task_struct *p);

void start_thread(struct pt_regs *regs, unsigned long pc, unsigned long sp);

#endif
