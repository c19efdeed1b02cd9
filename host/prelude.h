/* SPDX-License-Identifier: MIT */
/*
 * Our instructions for the C that wasm2c 1.0.36 writes.  prelude.c puts an
 * include of this file in the place of wasm2c's own definitions, for the
 * kernel as well as for programs.
 *
 * Every function of that C has a parameter "instance"; the macros below use
 * it, and ignore the memory that they are given: there is only one, at a
 * fixed distance.  Accesses are volatile, since others change memory at any
 * time: threads, signal handlers, interrupts, the kernel.  An address has up
 * to 33 bits; what lies outside of the memory is never mapped, and faults.
 *
 * No header of a C library is used, so that a compiler alone is enough.
 */
#ifndef MUSLIN_PRELUDE_H
#define MUSLIN_PRELUDE_H

#include <stdarg.h>
#include "abi.h"
#include "jump.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define COLD __attribute__((noinline, cold, unused))

#define assert(x) ((void)0)
#define wasm_rt_is_initialized() true
#define wasm_rt_memcpy __builtin_memcpy
#define INFINITY __builtin_inff()
#define copysign __builtin_copysign
#define copysignf __builtin_copysignf

#define FUNC_PROLOGUE
#define FUNC_EPILOGUE

/* --- traps --- */

/* function: the one that wasm2c wrote, whatever it was inlined into */
static _Noreturn COLD void muslin_trap(void *instance, wasm_rt_trap_t reason,
				       const char *function)
{
	muslin_head(instance)->rt->trap(instance, reason, function,
					__builtin_return_address(0));
}

/* The same for what that function calls. */
static _Noreturn COLD void muslin_trap_at(void *instance, wasm_rt_trap_t reason,
					  const void *pc)
{
	muslin_head(instance)->rt->trap(instance, reason, NULL, pc);
}

#define MUSLIN_TRAP_OF_CALLER(reason) \
	muslin_trap_at(instance, reason, __builtin_return_address(0))
/* quick-rt.c, which is called for everything, has another */
#ifndef MUSLIN_TRAP_FOR
#define MUSLIN_TRAP_FOR(reason) muslin_trap(instance, reason, __func__)
#endif
#define MUSLIN_TRAP(reason) MUSLIN_TRAP_FOR(WASM_RT_TRAP_##reason)
#define TRAP(reason) (MUSLIN_TRAP(reason), 0)
#define UNREACHABLE MUSLIN_TRAP(UNREACHABLE)

/* --- memory --- */

#define MUSLIN_MEM(addr) ((u8 *)instance + MUSLIN_MEMORY_OFFSET + (u64)(addr))

#define MUSLIN_UNALIGNED(t) \
	typedef t __attribute__((aligned(1), may_alias)) unaligned_##t
MUSLIN_UNALIGNED(u8);
MUSLIN_UNALIGNED(s8);
MUSLIN_UNALIGNED(u16);
MUSLIN_UNALIGNED(s16);
MUSLIN_UNALIGNED(u32);
MUSLIN_UNALIGNED(s32);
MUSLIN_UNALIGNED(u64);
MUSLIN_UNALIGNED(f32);
MUSLIN_UNALIGNED(f64);

#define MUSLIN_AT(t, addr) (*(volatile unaligned_##t *)MUSLIN_MEM(addr))

#define i32_load(m, a)		MUSLIN_AT(u32, a)
#define i64_load(m, a)		MUSLIN_AT(u64, a)
#define f32_load(m, a)		MUSLIN_AT(f32, a)
#define f64_load(m, a)		MUSLIN_AT(f64, a)
#define i32_load8_s(m, a)	((u32)(s32)MUSLIN_AT(s8, a))
#define i64_load8_s(m, a)	((u64)(s64)MUSLIN_AT(s8, a))
#define i32_load8_u(m, a)	((u32)MUSLIN_AT(u8, a))
#define i64_load8_u(m, a)	((u64)MUSLIN_AT(u8, a))
#define i32_load16_s(m, a)	((u32)(s32)MUSLIN_AT(s16, a))
#define i64_load16_s(m, a)	((u64)(s64)MUSLIN_AT(s16, a))
#define i32_load16_u(m, a)	((u32)MUSLIN_AT(u16, a))
#define i64_load16_u(m, a)	((u64)MUSLIN_AT(u16, a))
#define i64_load32_s(m, a)	((u64)(s64)MUSLIN_AT(s32, a))
#define i64_load32_u(m, a)	((u64)MUSLIN_AT(u32, a))

#define i32_store(m, a, v)	((void)(MUSLIN_AT(u32, a) = (v)))
#define i64_store(m, a, v)	((void)(MUSLIN_AT(u64, a) = (v)))
#define f32_store(m, a, v)	((void)(MUSLIN_AT(f32, a) = (v)))
#define f64_store(m, a, v)	((void)(MUSLIN_AT(f64, a) = (v)))
#define i32_store8(m, a, v)	((void)(MUSLIN_AT(u8, a) = (u8)(v)))
#define i32_store16(m, a, v)	((void)(MUSLIN_AT(u16, a) = (u16)(v)))
#define i64_store8(m, a, v)	((void)(MUSLIN_AT(u8, a) = (u8)(v)))
#define i64_store16(m, a, v)	((void)(MUSLIN_AT(u16, a) = (u16)(v)))
#define i64_store32(m, a, v)	((void)(MUSLIN_AT(u32, a) = (u32)(v)))

#define i32_load_shared		i32_load
#define i64_load_shared		i64_load
#define f32_load_shared		f32_load
#define f64_load_shared		f64_load
#define i32_load8_s_shared	i32_load8_s
#define i64_load8_s_shared	i64_load8_s
#define i32_load8_u_shared	i32_load8_u
#define i64_load8_u_shared	i64_load8_u
#define i32_load16_s_shared	i32_load16_s
#define i64_load16_s_shared	i64_load16_s
#define i32_load16_u_shared	i32_load16_u
#define i64_load16_u_shared	i64_load16_u
#define i64_load32_s_shared	i64_load32_s
#define i64_load32_u_shared	i64_load32_u
#define i32_store_shared	i32_store
#define i64_store_shared	i64_store
#define f32_store_shared	f32_store
#define f64_store_shared	f64_store
#define i32_store8_shared	i32_store8
#define i32_store16_shared	i32_store16
#define i64_store8_shared	i64_store8
#define i64_store16_shared	i64_store16
#define i64_store32_shared	i64_store32

/* The mapping is the host's, before anything runs; it never grows. */
#define wasm_rt_allocate_memory(m, initial, max, is_64) \
	((m)->data = MUSLIN_MEM(0), (m)->pages = (initial), \
	 (m)->max_pages = (max), (m)->size = (u64)(initial) << 16, \
	 (m)->is64 = (is_64))
#define wasm_rt_allocate_memory_shared wasm_rt_allocate_memory
#define wasm_rt_free_memory(m) ((void)0)
#define wasm_rt_free_memory_shared wasm_rt_free_memory
#define wasm_rt_grow_memory(m, n) ((n) ? 0xffffffffu : (u32)(m)->pages)
#define wasm_rt_grow_memory_shared wasm_rt_grow_memory

/* env.memory is described in the instance's head. */
#define w2c_env_memory(env) ((wasm_rt_memory_t *)(env))

/*
 * The compiler may move these against volatile accesses that do not overlap;
 * a program that orders them with a compiler barrier relies on it that they
 * stay, and such a barrier leaves no trace in wasm.
 */
#define MUSLIN_BULK(op) do { \
	__asm__ volatile("" ::: "memory"); \
	(void)(op); \
	__asm__ volatile("" ::: "memory"); \
} while (0)

#define memory_fill(m, d, v, n) \
	MUSLIN_BULK(__builtin_memset(MUSLIN_MEM(d), (int)(v), (n)))
#define memory_copy(m1, m2, d, s, n) \
	MUSLIN_BULK(__builtin_memmove(MUSLIN_MEM(d), MUSLIN_MEM(s), (n)))
#define memory_init(m, src, src_size, d, s, n) do { \
	if (UNLIKELY((u64)(s) + (n) > (src_size))) \
		MUSLIN_TRAP(OOB); \
	MUSLIN_BULK(__builtin_memcpy(MUSLIN_MEM(d), (src) + (s), (n))); \
} while (0)
#define LOAD_DATA(m, d, src, n) \
	MUSLIN_BULK(__builtin_memcpy(MUSLIN_MEM(d), (src), (n)))

/*
 * --- atomics: sequentially consistent, and return the old value ---
 *
 * One function for each name of wasm2c's; they find the instance through the
 * memory, so that the names need not be macros.
 */

#define MUSLIN_ATOMIC(t, mem, addr) ({ \
	void *instance = (mem)->data - MUSLIN_MEMORY_OFFSET; \
	if (UNLIKELY((addr) % sizeof(t))) \
		MUSLIN_TRAP(UNALIGNED); \
	(volatile t *)MUSLIN_MEM(addr); \
})

#define MUSLIN_BOTH(DEFINE, name, ...) \
	DEFINE(name, __VA_ARGS__) \
	DEFINE(name##_shared, __VA_ARGS__)

#define MUSLIN_ATOMIC_LOAD(name, t, r) \
	static inline r name(const wasm_rt_memory_t *mem, u64 addr) \
	{ \
		return __atomic_load_n(MUSLIN_ATOMIC(t, mem, addr), \
				       __ATOMIC_SEQ_CST); \
	}
MUSLIN_BOTH(MUSLIN_ATOMIC_LOAD, i32_atomic_load, u32, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_LOAD, i64_atomic_load, u64, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_LOAD, i32_atomic_load8_u, u8, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_LOAD, i64_atomic_load8_u, u8, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_LOAD, i32_atomic_load16_u, u16, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_LOAD, i64_atomic_load16_u, u16, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_LOAD, i64_atomic_load32_u, u32, u64)

#define MUSLIN_ATOMIC_STORE(name, t, v) \
	static inline void name(const wasm_rt_memory_t *mem, u64 addr, v value) \
	{ \
		__atomic_store_n(MUSLIN_ATOMIC(t, mem, addr), (t)value, \
				 __ATOMIC_SEQ_CST); \
	}
MUSLIN_BOTH(MUSLIN_ATOMIC_STORE, i32_atomic_store, u32, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_STORE, i64_atomic_store, u64, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_STORE, i32_atomic_store8, u8, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_STORE, i32_atomic_store16, u16, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_STORE, i64_atomic_store8, u8, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_STORE, i64_atomic_store16, u16, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_STORE, i64_atomic_store32, u32, u64)

#define MUSLIN_ATOMIC_RMW(name, op, t, v) \
	static inline v name(const wasm_rt_memory_t *mem, u64 addr, v value) \
	{ \
		return __atomic_##op(MUSLIN_ATOMIC(t, mem, addr), (t)value, \
				     __ATOMIC_SEQ_CST); \
	}
#define MUSLIN_ATOMIC_RMWS(name, op) \
	MUSLIN_BOTH(MUSLIN_ATOMIC_RMW, i32_atomic_rmw8_##name##_u, op, u8, u32) \
	MUSLIN_BOTH(MUSLIN_ATOMIC_RMW, i32_atomic_rmw16_##name##_u, op, u16, u32) \
	MUSLIN_BOTH(MUSLIN_ATOMIC_RMW, i32_atomic_rmw_##name, op, u32, u32) \
	MUSLIN_BOTH(MUSLIN_ATOMIC_RMW, i64_atomic_rmw8_##name##_u, op, u8, u64) \
	MUSLIN_BOTH(MUSLIN_ATOMIC_RMW, i64_atomic_rmw16_##name##_u, op, u16, u64) \
	MUSLIN_BOTH(MUSLIN_ATOMIC_RMW, i64_atomic_rmw32_##name##_u, op, u32, u64) \
	MUSLIN_BOTH(MUSLIN_ATOMIC_RMW, i64_atomic_rmw_##name, op, u64, u64)
MUSLIN_ATOMIC_RMWS(add, fetch_add)
MUSLIN_ATOMIC_RMWS(sub, fetch_sub)
MUSLIN_ATOMIC_RMWS(and, fetch_and)
MUSLIN_ATOMIC_RMWS(or, fetch_or)
MUSLIN_ATOMIC_RMWS(xor, fetch_xor)
MUSLIN_ATOMIC_RMWS(xchg, exchange_n)

#define MUSLIN_ATOMIC_CMPXCHG(name, t, v) \
	static inline v name(const wasm_rt_memory_t *mem, u64 addr, \
			     v expected, v value) \
	{ \
		t old = (t)expected; \
		\
		__atomic_compare_exchange_n(MUSLIN_ATOMIC(t, mem, addr), &old, \
					    (t)value, false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST); \
		return old; \
	}
MUSLIN_BOTH(MUSLIN_ATOMIC_CMPXCHG, i32_atomic_rmw8_cmpxchg_u, u8, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_CMPXCHG, i32_atomic_rmw16_cmpxchg_u, u16, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_CMPXCHG, i32_atomic_rmw_cmpxchg, u32, u32)
MUSLIN_BOTH(MUSLIN_ATOMIC_CMPXCHG, i64_atomic_rmw8_cmpxchg_u, u8, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_CMPXCHG, i64_atomic_rmw16_cmpxchg_u, u16, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_CMPXCHG, i64_atomic_rmw32_cmpxchg_u, u32, u64)
MUSLIN_BOTH(MUSLIN_ATOMIC_CMPXCHG, i64_atomic_rmw_cmpxchg, u64, u64)

#define atomic_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* --- integers --- */

#define I32_CLZ(x) ((x) ? __builtin_clz(x) : 32)
#define I64_CLZ(x) ((x) ? __builtin_clzll(x) : 64)
#define I32_CTZ(x) ((x) ? __builtin_ctz(x) : 32)
#define I64_CTZ(x) ((x) ? __builtin_ctzll(x) : 64)

/* Compilers know this; of __builtin_popcount gcc makes a call of libgcc. */
static inline u64 I64_POPCNT(u64 x)
{
	x -= x >> 1 & 0x5555555555555555;
	x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return x * 0x0101010101010101 >> 56;
}

static inline u32 I32_POPCNT(u32 x)
{
	x -= x >> 1 & 0x55555555;
	x = (x & 0x33333333) + (x >> 2 & 0x33333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f;
	return x * 0x01010101 >> 24;
}

#define MUSLIN_ROTATE(x, y, LEFT, RIGHT, mask) \
	(((x) LEFT ((y) & (mask))) | ((x) RIGHT (-(y) & (mask))))
#define I32_ROTL(x, y) MUSLIN_ROTATE(x, y, <<, >>, 31)
#define I64_ROTL(x, y) MUSLIN_ROTATE(x, y, <<, >>, 63)
#define I32_ROTR(x, y) MUSLIN_ROTATE(x, y, >>, <<, 31)
#define I64_ROTR(x, y) MUSLIN_ROTATE(x, y, >>, <<, 63)

#define MUSLIN_DIV_S(s, u, min, x, y) ({ \
	s x_ = (s)(x), y_ = (s)(y); \
	if (UNLIKELY(!y_)) \
		MUSLIN_TRAP(DIV_BY_ZERO); \
	if (UNLIKELY(x_ == (min) && y_ == -1)) \
		MUSLIN_TRAP(INT_OVERFLOW); \
	(u)(x_ / y_); \
})
#define MUSLIN_REM_S(s, u, x, y) ({ \
	s x_ = (s)(x), y_ = (s)(y); \
	if (UNLIKELY(!y_)) \
		MUSLIN_TRAP(DIV_BY_ZERO); \
	UNLIKELY(y_ == -1) ? 0 : (u)(x_ % y_); \
})
#define MUSLIN_DIVREM_U(op, x, y) \
	(UNLIKELY(!(y)) ? TRAP(DIV_BY_ZERO) : (x) op (y))

#define I32_DIV_S(x, y) MUSLIN_DIV_S(s32, u32, INT32_MIN, x, y)
#define I64_DIV_S(x, y) MUSLIN_DIV_S(s64, u64, INT64_MIN, x, y)
#define I32_REM_S(x, y) MUSLIN_REM_S(s32, u32, x, y)
#define I64_REM_S(x, y) MUSLIN_REM_S(s64, u64, x, y)
#define DIV_U(x, y) MUSLIN_DIVREM_U(/, x, y)
#define REM_U(x, y) MUSLIN_DIVREM_U(%, x, y)

/* --- floating point --- */

/* x + y is a quiet NaN if x or y is one; a zero's sign decides. */
#define MUSLIN_MINMAX(x, y, CMP, of_zeros) ({ \
	__typeof__(x) x_ = (x), y_ = (y); \
	x_ != x_ || y_ != y_ ? x_ + y_ : \
	x_ == y_ ? (of_zeros) : \
	x_ CMP y_ ? x_ : y_; \
})
#define FMIN(x, y) MUSLIN_MINMAX(x, y, <, __builtin_signbit(x_) ? x_ : y_)
#define FMAX(x, y) MUSLIN_MINMAX(x, y, >, __builtin_signbit(x_) ? y_ : x_)

/* To an integer, towards zero: x must be one of [low, high) or (low, high). */
#define MUSLIN_TRUNC(s, u, ABOVE, low, high, x) ({ \
	__typeof__(x) x_ = (x); \
	if (UNLIKELY(!(x_ ABOVE (low) && x_ < (high)))) \
		MUSLIN_TRAP_FOR(x_ != x_ ? WASM_RT_TRAP_INVALID_CONVERSION : \
				WASM_RT_TRAP_INT_OVERFLOW); \
	(u)(s)x_; \
})
#define I32_TRUNC_S_F32(x) MUSLIN_TRUNC(s32, u32, >=, -0x1p31f, 0x1p31f, x)
#define I32_TRUNC_S_F64(x) MUSLIN_TRUNC(s32, u32, >, -0x1.00000002p31, 0x1p31, x)
#define I64_TRUNC_S_F32(x) MUSLIN_TRUNC(s64, u64, >=, -0x1p63f, 0x1p63f, x)
#define I64_TRUNC_S_F64(x) MUSLIN_TRUNC(s64, u64, >=, -0x1p63, 0x1p63, x)
#define I32_TRUNC_U_F32(x) MUSLIN_TRUNC(u32, u32, >, -1.0f, 0x1p32f, x)
#define I32_TRUNC_U_F64(x) MUSLIN_TRUNC(u32, u32, >, -1.0, 0x1p32, x)
#define I64_TRUNC_U_F32(x) MUSLIN_TRUNC(u64, u64, >, -1.0f, 0x1p64f, x)
#define I64_TRUNC_U_F64(x) MUSLIN_TRUNC(u64, u64, >, -1.0, 0x1p64, x)

/* An exception that C wants where WebAssembly does not trap: fenv.c. */
#ifndef MUSLIN_INVALID
#define MUSLIN_INVALID() ((void)0)
#endif

/* The same without traps: the nearest integer, 0 for NaN. */
#define MUSLIN_SAT(s, u, ABOVE, low, high, min, max, x) ({ \
	__typeof__(x) x_ = (x); \
	LIKELY(x_ ABOVE (low) && x_ < (high)) ? (u)(s)x_ : \
	(MUSLIN_INVALID(), x_ != x_ ? 0 : x_ < 0 ? (u)(min) : (u)(max)); \
})
#define I32_TRUNC_SAT_S_F32(x) \
	MUSLIN_SAT(s32, u32, >=, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX, x)
#define I32_TRUNC_SAT_S_F64(x) \
	MUSLIN_SAT(s32, u32, >, -0x1.00000002p31, 0x1p31, INT32_MIN, INT32_MAX, x)
#define I64_TRUNC_SAT_S_F32(x) \
	MUSLIN_SAT(s64, u64, >=, -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX, x)
#define I64_TRUNC_SAT_S_F64(x) \
	MUSLIN_SAT(s64, u64, >=, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX, x)
#define I32_TRUNC_SAT_U_F32(x) \
	MUSLIN_SAT(u32, u32, >, -1.0f, 0x1p32f, 0, UINT32_MAX, x)
#define I32_TRUNC_SAT_U_F64(x) \
	MUSLIN_SAT(u32, u32, >, -1.0, 0x1p32, 0, UINT32_MAX, x)
#define I64_TRUNC_SAT_U_F32(x) \
	MUSLIN_SAT(u64, u64, >, -1.0f, 0x1p64f, 0, UINT64_MAX, x)
#define I64_TRUNC_SAT_U_F64(x) \
	MUSLIN_SAT(u64, u64, >, -1.0, 0x1p64, 0, UINT64_MAX, x)

#define MUSLIN_REINTERPRET(name, from, to) \
	static inline to name(from x) \
	{ \
		to y; \
		\
		__builtin_memcpy(&y, &x, sizeof(y)); \
		return y; \
	}
MUSLIN_REINTERPRET(f32_reinterpret_i32, u32, f32)
MUSLIN_REINTERPRET(i32_reinterpret_f32, f32, u32)
MUSLIN_REINTERPRET(f64_reinterpret_i64, u64, f64)
MUSLIN_REINTERPRET(i64_reinterpret_f64, f64, u64)

/*
 * A compiler may drop (f32)(f64)x, and with it what the processor would have
 * done to a signalling NaN.
 */
static inline f32 wasm_quietf(f32 x)
{
	if (UNLIKELY(x != x))
		return f32_reinterpret_i32(i32_reinterpret_f32(x) | 0x400000);
	return x;
}

static inline f64 wasm_quiet(f64 x)
{
	if (UNLIKELY(x != x))
		return f64_reinterpret_i64(i64_reinterpret_f64(x) | 1ull << 51);
	return x;
}

#define wasm_floorf(x) wasm_quietf(__builtin_floorf(x))
#define wasm_floor(x) wasm_quiet(__builtin_floor(x))
#define wasm_ceilf(x) wasm_quietf(__builtin_ceilf(x))
#define wasm_ceil(x) wasm_quiet(__builtin_ceil(x))
#define wasm_truncf(x) wasm_quietf(__builtin_truncf(x))
#define wasm_trunc(x) wasm_quiet(__builtin_trunc(x))
#define wasm_nearbyintf(x) wasm_quietf(__builtin_nearbyintf(x))
#define wasm_nearbyint(x) wasm_quiet(__builtin_nearbyint(x))
#define wasm_sqrtf(x) __builtin_sqrtf(x)
#define wasm_sqrt(x) __builtin_sqrt(x)
#define wasm_fabsf(x) __builtin_fabsf(x)
#define wasm_fabs(x) __builtin_fabs(x)

/* --- tables: one, of functions; it never grows --- */

#define wasm_rt_funcref_null_value \
	((wasm_rt_funcref_t){ NULL, NULL, { NULL }, NULL })
#define wasm_rt_externref_null_value ((wasm_rt_externref_t)NULL)

#define FUNC_TYPE_DECL_EXTERN_T(x) extern const char *const x
#define FUNC_TYPE_EXTERN_T(x) const char *const x
#define FUNC_TYPE_T(x) static const char *const x

typedef struct {
	enum { RefFunc, RefNull, GlobalGet } expr_type;
	wasm_rt_func_type_t type;
	wasm_rt_function_ptr_t func;
	wasm_rt_tailcallee_t func_tailcallee;
	size_t module_offset;
} wasm_elem_segment_expr_t;

static COLD void muslin_table(void *instance, wasm_rt_funcref_table_t *t,
			      u32 size, u32 max)
{
	struct muslin_head *head = muslin_head(instance);

	if (!head->table)
		head->table = head->rt->alloc(instance, (u64)size * sizeof(*t->data) + 1);
	if (!head->table)
		MUSLIN_TRAP_OF_CALLER(WASM_RT_TRAP_OOB);
	t->data = head->table;
	t->size = size;
	t->max_size = max;
}

#define wasm_rt_allocate_funcref_table(t, size, max) \
	muslin_table(instance, t, size, max)
#define wasm_rt_free_funcref_table(t) \
	(muslin_head(instance)->rt->free(instance, (t)->data), (t)->data = NULL)
#define wasm_rt_grow_funcref_table(t, n, value) \
	((void)(value), (n) ? 0xffffffffu : (t)->size)

static COLD void muslin_table_init(void *instance, wasm_rt_funcref_table_t *t,
				   const wasm_elem_segment_expr_t *src,
				   u32 src_size, u32 d, u32 s, u32 n)
{
	if ((u64)s + n > src_size || (u64)d + n > t->size)
		MUSLIN_TRAP_OF_CALLER(WASM_RT_TRAP_OOB);
	for (u32 i = 0; i < n; i++) {
		const wasm_elem_segment_expr_t *e = &src[s + i];
		void *at = (char *)instance + e->module_offset;

		switch (e->expr_type) {
		case RefFunc:
			t->data[d + i] = (wasm_rt_funcref_t){
				e->type, e->func, e->func_tailcallee, at
			};
			break;
		case RefNull:
			t->data[d + i] = wasm_rt_funcref_null_value;
			break;
		case GlobalGet:
			t->data[d + i] = **(wasm_rt_funcref_t **)at;
			break;
		}
	}
}

#define funcref_table_init(t, src, src_size, d, s, n, inst) \
	muslin_table_init(instance, t, src, src_size, d, s, n)

static COLD void muslin_table_copy(void *instance,
				   wasm_rt_funcref_table_t *dest,
				   const wasm_rt_funcref_table_t *src,
				   u32 d, u32 s, u32 n)
{
	if ((u64)d + n > dest->size || (u64)s + n > src->size)
		MUSLIN_TRAP_OF_CALLER(WASM_RT_TRAP_OOB);
	__builtin_memmove(dest->data + d, src->data + s, n * sizeof(*dest->data));
}

#define funcref_table_copy(dest, src, d, s, n) \
	muslin_table_copy(instance, dest, src, d, s, n)

static COLD void muslin_table_fill(void *instance, wasm_rt_funcref_table_t *t,
				   u32 d, wasm_rt_funcref_t value, u32 n)
{
	if ((u64)d + n > t->size)
		MUSLIN_TRAP_OF_CALLER(WASM_RT_TRAP_OOB);
	while (n--)
		t->data[d++] = value;
}

#define funcref_table_fill(t, d, value, n) \
	muslin_table_fill(instance, t, d, value, n)

#define funcref_table_get(t, i) \
	(UNLIKELY((i) >= (t)->size) ? TRAP(OOB) : 0, (t)->data[i])
#define funcref_table_set(t, i, value) \
	(UNLIKELY((i) >= (t)->size) ? TRAP(OOB) : 0, \
	 (void)((t)->data[i] = (value)))

/* Equal types have one pointer unless the module defines the type twice. */
static COLD bool muslin_same_type(wasm_rt_func_type_t a, wasm_rt_func_type_t b)
{
	return a && b && !__builtin_memcmp(a, b, 32);
}

/* What to call if the first look at element i says no: a null one has no type. */
static COLD wasm_rt_function_ptr_t
muslin_callee(void *instance, const wasm_rt_funcref_table_t *t, u32 i,
	      wasm_rt_func_type_t type)
{
	const struct muslin_rt *rt = muslin_head(instance)->rt;
	wasm_rt_function_ptr_t f = NULL;

	if (i < t->size && muslin_same_type(t->data[i].func_type, type))
		return t->data[i].func;
	if (i < t->size && t->data[i].func_type && rt->adapt)
		f = rt->adapt(instance, &t->data[i], type);
	if (!f)
		MUSLIN_TRAP_OF_CALLER(WASM_RT_TRAP_CALL_INDIRECT);
	return f;
}

#define CALL_INDIRECT(table, t, type, x, ...) ({ \
	wasm_rt_function_ptr_t callee_ = \
		LIKELY((x) < (table).size) && \
		LIKELY((table).data[x].func_type == (type)) ? \
		(table).data[x].func : \
		muslin_callee(instance, &(table), x, type); \
	((t)callee_)(__VA_ARGS__); \
})

/* --- exceptions --- */

#define WASM_RT_UNWIND_TARGET struct muslin_jump
#define wasm_rt_try(target) muslin_setjmp(&(target))
#define wasm_rt_get_unwind_target() (muslin_head(instance)->unwind->target)
#define wasm_rt_set_unwind_target(to) \
	((void)(muslin_head(instance)->unwind->target = (to)))
#define wasm_rt_exception_tag() (muslin_head(instance)->unwind->tag)
#define wasm_rt_exception_size() (muslin_head(instance)->unwind->size)
#define wasm_rt_exception() ((void *)muslin_head(instance)->unwind->values)

static COLD void muslin_exception(void *instance, wasm_rt_tag_t tag, u32 size,
				  const void *values)
{
	struct muslin_unwind *u = muslin_head(instance)->unwind;

	/* module.c accepts no tag with more values */
	u->tag = tag;
	u->size = size;
	if (size)
		__builtin_memcpy(u->values, values, size);
}

static _Noreturn COLD void muslin_throw(void *instance)
{
	struct muslin_unwind *u = muslin_head(instance)->unwind;

	if (!u->target)
		MUSLIN_TRAP_OF_CALLER(WASM_RT_TRAP_UNCAUGHT_EXCEPTION);
	muslin_longjmp(u->target);
}

#define wasm_rt_load_exception(tag, size, values) \
	muslin_exception(instance, tag, size, values)
#define wasm_rt_throw() muslin_throw(instance)

#endif
