/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTFS_MOMENT_H
#define _HOSTFS_MOMENT_H

#include <linux/sched.h>
#include <linux/syscalls.h>

/*
 * What the host said at the same moment is still true for who asks: nobody
 * has entered the kernel since then, so that it was said during this system
 * call.  Threads of the kernel make none: each time is another moment.
 */
static inline u64 hostfs_moment(void)
{
	if (current->flags & PF_KTHREAD)
		wasm_this_cpu()->syscalls++;
	return wasm_this_cpu()->syscalls;
}

#endif
