/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One wasm export per system call, "__syscall_<name>", with the exact
 * signature of its SYSCALL_DEFINEn: every argument is an i32, or an i64
 * where its C type is 64 bits wide.  Nobody calls it by its number, but for
 * wasm_syscall_by_number(), when a tracer has seen it.  <asm/syscall_names.h>, made from scripts/syscall.tbl, says
 * which SYSCALL_DEFINEs are part of this architecture's interface, and
 * under which name:  #define __WASM_SC__umount ,__WASM_SC("umount2")
 */
#ifndef _ASM_WASM_SYSCALL_WRAPPER_H
#define _ASM_WASM_SYSCALL_WRAPPER_H

#include <linux/thread_info.h>
#include <linux/types.h>
#include <asm/syscall_names.h>
#include <asm/vcpu.h>

#define __WASM_SC(n) __attribute__((export_name("__syscall_" n)))
#define __WASM_SC_2nd(ignored, val, ...) val
#define __WASM_SC_PICK(...) __WASM_SC_2nd(__VA_ARGS__)
#define __WASM_SC_EXPORT(name) __WASM_SC_PICK(dummy __WASM_SC_##name, , )
#define __WASM_SC_NR(name) __WASM_SC_PICK(dummy __WASM_NR_##name, -1, )

long wasm_syscall_work(long ret);

/*
 * The way in.  If somebody has asked (ptrace, seccomp ...), the arguments go to
 * the words that this returns, the low half of 64 bits first, and the call goes on
 * in wasm_syscall_watched(), which makes it again: then this returns NULL.
 */
unsigned long *wasm_syscall_words(void);
long wasm_syscall_watched(int nr);
long wasm_syscall_by_number(unsigned int nr, const unsigned long *args);

static __always_inline unsigned long *wasm_syscall_word(unsigned long *to, u64 arg,
							unsigned int size)
{
	*to++ = arg;
	if (size == sizeof(u64))
		*to++ = arg >> 32;
	return to;
}

#define __WASM_SC_WORD(t, a) to = wasm_syscall_word(to, a, sizeof(a))

#define __WASM_SC_ENTER(nr, words) do {						\
	if (unlikely(READ_ONCE(current_thread_info()->syscall_work))) {		\
		unsigned long *to = wasm_syscall_words();			\
										\
		if (to) {							\
			(void)(words);						\
			return wasm_syscall_watched(nr);			\
		}								\
	}									\
} while (0)

/* The way back to user code. */
static __always_inline long wasm_syscall_exit(long ret)
{
	if (unlikely((READ_ONCE(current_thread_info()->flags) & _TIF_WORK_MASK) |
		     READ_ONCE(current_thread_info()->syscall_work) |
		     wasm_this_cpu()->tlb_due))
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
		__WASM_SC_ENTER(__WASM_SC_NR(name),				\
				(__MAP(x,__WASM_SC_WORD,__VA_ARGS__)));		\
		wasm_this_cpu()->syscalls++;				\
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
		__WASM_SC_ENTER(__WASM_SC_NR(_##sname), to);			\
		return wasm_syscall_exit(__do_sys_##sname());			\
	}									\
	static inline long __do_sys_##sname(void)

/* a call that is not configured is in kernel/syscall-ni.c */
#define COND_SYSCALL(name)
#define COND_SYSCALL_COMPAT(name)

#endif
