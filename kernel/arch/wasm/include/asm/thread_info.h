/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_THREAD_INFO_H
#define _ASM_WASM_THREAD_INFO_H

/* the shadow stack; locals that have no address are on the native stack */
#define THREAD_SIZE_ORDER	0
#define THREAD_SIZE		0x4000

#ifndef __ASSEMBLY__

struct thread_info {
	unsigned long flags;
	int preempt_count;
	unsigned long syscall_work;
	int cpu;
};

#define INIT_THREAD_INFO(tsk)	{ .preempt_count = INIT_PREEMPT_COUNT }

#endif

#define TIF_SYSCALL_TRACE	0
#define TIF_NOTIFY_RESUME	1
#define TIF_SIGPENDING		2
#define TIF_NEED_RESCHED	3
#define TIF_MEMDIE		5
#define TIF_NOTIFY_SIGNAL	6
#define TIF_RESTORE_SIGMASK	9
#define TIF_SYSCALL_AUDIT	10
#define TIF_SECCOMP		11
#define TIF_SYSCALL_TRACEPOINT	12

#define _TIF_NOTIFY_RESUME	(1 << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING		(1 << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	(1 << TIF_NEED_RESCHED)
#define _TIF_NOTIFY_SIGNAL	(1 << TIF_NOTIFY_SIGNAL)

/* what keeps a task from going back to user code at once */
#define _TIF_WORK_MASK	(_TIF_NOTIFY_RESUME | _TIF_SIGPENDING | \
			 _TIF_NEED_RESCHED | _TIF_NOTIFY_SIGNAL)

#endif
