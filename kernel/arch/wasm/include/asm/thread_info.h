/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_THREAD_INFO_H
#define _ASM_WASM_THREAD_INFO_H

#include <asm/irqflags.h>
#include <asm/page.h>

/* the shadow stack; locals that have no address are on the native stack */
#define THREAD_SHIFT		14
#define THREAD_SIZE_ORDER	(PAGE_SHIFT < THREAD_SHIFT ? THREAD_SHIFT - PAGE_SHIFT : 0)
#define THREAD_SIZE		(1 << THREAD_SHIFT)

#ifndef __ASSEMBLY__

struct thread_info {
	unsigned long flags;
	int preempt_count;
	unsigned long syscall_work;
	int cpu;
};

#define INIT_THREAD_INFO(tsk)	{ .preempt_count = INIT_PREEMPT_COUNT }

/* Who waits for this to be true waits for an interrupt. */
#define tif_need_resched()	\
	(arch_poll_irqs(), test_bit(TIF_NEED_RESCHED, &current_thread_info()->flags))

#endif

#define TIF_NOTIFY_RESUME	1
#define TIF_SIGPENDING		2
#define TIF_NEED_RESCHED	3
#define TIF_MEMDIE		5
#define TIF_NOTIFY_SIGNAL	6
#define TIF_RESTORE_SIGMASK	9

/* of syscall_work: somebody has asked for this task's system calls (asm/syscall.h) */
#define SYSCALL_WORK_BIT_WASM_ASKED	16
#define SYSCALL_WORK_WASM_ASKED		(1 << SYSCALL_WORK_BIT_WASM_ASKED)
#define ARCH_SYSCALL_WORK_ENTER		SYSCALL_WORK_WASM_ASKED

#define _TIF_NOTIFY_RESUME	(1 << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING		(1 << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	(1 << TIF_NEED_RESCHED)
#define _TIF_NOTIFY_SIGNAL	(1 << TIF_NOTIFY_SIGNAL)

/* what keeps a task from going back to user code at once */
#define _TIF_WORK_MASK	(_TIF_NOTIFY_RESUME | _TIF_SIGPENDING | \
			 _TIF_NEED_RESCHED | _TIF_NOTIFY_SIGNAL)

#endif
