/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One wasm export per system call, "__syscall_<name>", with the exact
 * signature of its SYSCALL_DEFINEn: every argument is an i32, or an i64
 * where its C type is 64 bits wide.  There is no table by number.
 * <asm/syscall_names.h>, made from scripts/syscall.tbl, says
 * which SYSCALL_DEFINEs are part of this architecture's interface, and
 * under which name:  #define __WASM_SC__umount ,__WASM_SC("umount2")
 */
#ifndef _ASM_WASM_SYSCALL_WRAPPER_H
#define _ASM_WASM_SYSCALL_WRAPPER_H

#include <linux/thread_info.h>
#include <linux/types.h>
#include <asm/syscall_names.h>

#define __WASM_SC(n) __attribute__((export_name("__syscall_" n)))
#define __WASM_SC_2nd(ignored, val, ...) val
#define __WASM_SC_PICK(...) __WASM_SC_2nd(__VA_ARGS__)
#define __WASM_SC_EXPORT(name) __WASM_SC_PICK(dummy __WASM_SC_##name, , )

long wasm_syscall_work(long ret);
extern int wasm_tlb_due;

/*
 * Counts what may begin to look at files: those calls that have arguments, and
 * signals.
 */
extern u64 wasm_syscalls;

/* The way back to user code. */
static __always_inline long wasm_syscall_exit(long ret)
{
	if (unlikely((READ_ONCE(current_thread_info()->flags) & _TIF_WORK_MASK) |
		     wasm_tlb_due))
		return wasm_syscall_work(ret);
	return ret;
}

#define __SYSCALL_DEFINEx(x, name, ...)						\
	static inline long __do_sys##name(__MAP(x,__SC_DECL,__VA_ARGS__));	\
	long __se_sys##name(__MAP(x,__SC_LONG,__VA_ARGS__));			\
	__WASM_SC_EXPORT(name)							\
	long __se_sys##name(__MAP(x,__SC_LONG,__VA_ARGS__))			\
	{									\
		long ret;							\
		wasm_syscalls++;						\
		ret = __do_sys##name(__MAP(x,__SC_CAST,__VA_ARGS__));	\
		__MAP(x,__SC_TEST,__VA_ARGS__);					\
		return wasm_syscall_exit(ret);					\
	}									\
	static inline long __do_sys##name(__MAP(x,__SC_DECL,__VA_ARGS__))

#define SYSCALL_DEFINE0(sname)							\
	SYSCALL_METADATA(_##sname, 0);						\
	static inline long __do_sys_##sname(void);				\
	long __se_sys_##sname(void);						\
	__WASM_SC_EXPORT(_##sname)						\
	long __se_sys_##sname(void)						\
	{									\
		return wasm_syscall_exit(__do_sys_##sname());			\
	}									\
	static inline long __do_sys_##sname(void)

/* a call that is not configured is in kernel/syscall-ni.c */
#define COND_SYSCALL(name)
#define COND_SYSCALL_COMPAT(name)

#endif
