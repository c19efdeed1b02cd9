/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plain accesses of WebAssembly are not ordered at all, its atomic ones all in one
 * order.  A compiler of this kernel's code leaves no trace of barrier() there; that a
 * host's compiler does not move plain accesses of one function either is what both of
 * ours promise (host/cgen/prelude.h: they are volatile), or do (V8).
 */
#ifndef _ASM_WASM_BARRIER_H
#define _ASM_WASM_BARRIER_H

#include <asm/vcpu.h>

#ifdef CONFIG_SMP
#define __wasm_fence()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

#define mb()	__wasm_fence()
#define rmb()	__wasm_order()
#define wmb()	__wasm_order()
#define __wasm_order() do {							\
	if (wasm_total_order)							\
		barrier();							\
	else									\
		__wasm_fence();							\
} while (0)

/* asm/atomic.h: read-modify-write is in the one order */
#define __smp_mb__before_atomic()	barrier()
#define __smp_mb__after_atomic()	barrier()

#define __smp_load_acquire(p)							\
({										\
	union { __unqual_scalar_typeof(*p) val; u8 b; u16 h; u32 w; u64 d; } ___u; \
	const volatile void *___p = (p);					\
										\
	compiletime_assert_atomic_type(*p);					\
	switch (sizeof(*p)) {							\
	case 1:									\
		___u.b = __atomic_load_n((const volatile u8 *)___p, __ATOMIC_ACQUIRE); \
		break;								\
	case 2:									\
		___u.h = __atomic_load_n((const volatile u16 *)___p, __ATOMIC_ACQUIRE);	\
		break;								\
	case 4:									\
		___u.w = __atomic_load_n((const volatile u32 *)___p, __ATOMIC_ACQUIRE);	\
		break;								\
	case 8:									\
		___u.d = __atomic_load_n((const volatile u64 *)___p, __ATOMIC_ACQUIRE);	\
		break;								\
	}									\
	(typeof(*p))___u.val;							\
})

/* Of the one order as well, but that is not to be relied on: a host may do with less. */
#define __smp_store_release(p, v)						\
do {										\
	union { __unqual_scalar_typeof(*p) val; u8 b; u16 h; u32 w; u64 d; } ___u = \
		{ .val = (v) };							\
	volatile void *___p = (p);						\
										\
	compiletime_assert_atomic_type(*p);					\
	switch (sizeof(*p)) {							\
	case 1:									\
		__atomic_store_n((volatile u8 *)___p, ___u.b, __ATOMIC_RELEASE);		\
		break;								\
	case 2:									\
		__atomic_store_n((volatile u16 *)___p, ___u.h, __ATOMIC_RELEASE);		\
		break;								\
	case 4:									\
		__atomic_store_n((volatile u32 *)___p, ___u.w, __ATOMIC_RELEASE);		\
		break;								\
	case 8:									\
		__atomic_store_n((volatile u64 *)___p, ___u.d, __ATOMIC_RELEASE);		\
		break;								\
	}									\
} while (0)
#endif

#include <asm-generic/barrier.h>

#endif
