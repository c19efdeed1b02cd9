/* SPDX-License-Identifier: MIT */
/*
 * prelude.h for libtcc, which has none of the builtins that it needs, and
 * does not inline.  Plain accesses to memory and what an operator of C does
 * exactly are written out; everything else is a function of quick-rt.c, which
 * is made of prelude.h.  So both tiers compute the same.
 *
 * quick.c makes one text of quick-types.h, abi.h, this file, quick-ops.h and
 * what wasm2c has written, all without #include.
 */
#define WASM_RT_CORE_TYPES_DEFINED
typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
typedef float f32;
typedef double f64;

#define LIKELY(x) (x)
#define UNLIKELY(x) (x)

#define assert(x) ((void)0)
#define wasm_rt_is_initialized() true
#define wasm_rt_memcpy memcpy
#define __builtin_memset memset
#define INFINITY f32_reinterpret_i32(0x7f800000u)

#define FUNC_PROLOGUE
#define FUNC_EPILOGUE

void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);

/* --- traps --- */

void quick_trap(void *, wasm_rt_trap_t);

#define MUSLIN_TRAP(reason) quick_trap(instance, WASM_RT_TRAP_##reason)
#define TRAP(reason) (MUSLIN_TRAP(reason), 0)
#define UNREACHABLE MUSLIN_TRAP(UNREACHABLE)

/* --- memory --- */

#define MUSLIN_MEM(addr) ((u8 *)instance + MUSLIN_MEMORY_OFFSET + (u64)(addr))
#define MUSLIN_AT(t, addr) (*(volatile t *)MUSLIN_MEM(addr))

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

/* no cast to void, of which tcc would make one of a float to an int */
#define i32_store(m, a, v)	(MUSLIN_AT(u32, a) = (v))
#define i64_store(m, a, v)	(MUSLIN_AT(u64, a) = (v))
#define f32_store(m, a, v)	(MUSLIN_AT(f32, a) = (v))
#define f64_store(m, a, v)	(MUSLIN_AT(f64, a) = (v))
#define i32_store8(m, a, v)	(MUSLIN_AT(u8, a) = (u8)(v))
#define i32_store16(m, a, v)	(MUSLIN_AT(u16, a) = (u16)(v))
#define i64_store8(m, a, v)	(MUSLIN_AT(u8, a) = (u8)(v))
#define i64_store16(m, a, v)	(MUSLIN_AT(u16, a) = (u16)(v))
#define i64_store32(m, a, v)	(MUSLIN_AT(u32, a) = (u32)(v))

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

#define wasm_rt_free_memory(m) ((void)0)
#define wasm_rt_free_memory_shared wasm_rt_free_memory
#define wasm_rt_grow_memory(m, n) ((n) ? 0xffffffffu : (u32)(m)->pages)
#define wasm_rt_grow_memory_shared wasm_rt_grow_memory

#define memory_fill(m, d, v, n) memset(MUSLIN_MEM(d), (int)(v), (n))
#define memory_copy(m1, m2, d, s, n) \
	memmove(MUSLIN_MEM(d), MUSLIN_MEM(s), (n))
#define memory_init(m, src, src_size, d, s, n) do { \
	if ((u64)(s) + (n) > (src_size)) \
		MUSLIN_TRAP(OOB); \
	memcpy(MUSLIN_MEM(d), (src) + (s), (n)); \
} while (0)
#define LOAD_DATA(m, d, src, n) memcpy(MUSLIN_MEM(d), (src), (n))

/* --- functions: quick-ops.h --- */

#define OP1(name, r, t) r name(t);
#define OP2(name, r, t) r name(t, t);
#define TRAP1(name, r, t) r quick_##name(void *, t);
#define TRAP2(name, r, t) r quick_##name(void *, t, t);
#define BOTH(name, r, ...) \
	r name(const wasm_rt_memory_t *, u64, ##__VA_ARGS__); \
	r name##_shared(const wasm_rt_memory_t *, u64, ##__VA_ARGS__);
#define LOAD(name, t) BOTH(name, t)
#define STORE(name, t) BOTH(name, void, t)
#define RMW(name, t) BOTH(name, t, t)
#define CMPXCHG(name, t) BOTH(name, t, t, t)

void atomic_fence(void);

/* --- integers --- */

#define I32_DIV_S(x, y) quick_I32_DIV_S(instance, x, y)
#define I64_DIV_S(x, y) quick_I64_DIV_S(instance, x, y)
#define I32_REM_S(x, y) quick_I32_REM_S(instance, x, y)
#define I64_REM_S(x, y) quick_I64_REM_S(instance, x, y)
#define DIV_U(x, y) ((y) ? (x) / (y) : TRAP(DIV_BY_ZERO))
#define REM_U(x, y) ((y) ? (x) % (y) : TRAP(DIV_BY_ZERO))

#define MUSLIN_ROTATE(x, y, LEFT, RIGHT, mask) \
	(((x) LEFT ((y) & (mask))) | ((x) RIGHT (-(y) & (mask))))
#define I32_ROTL(x, y) MUSLIN_ROTATE(x, y, <<, >>, 31)
#define I64_ROTL(x, y) MUSLIN_ROTATE(x, y, <<, >>, 63)
#define I32_ROTR(x, y) MUSLIN_ROTATE(x, y, >>, <<, 31)
#define I64_ROTR(x, y) MUSLIN_ROTATE(x, y, >>, <<, 63)

/* --- floating point --- */

#define I32_TRUNC_S_F32(x) quick_I32_TRUNC_S_F32(instance, x)
#define I32_TRUNC_S_F64(x) quick_I32_TRUNC_S_F64(instance, x)
#define I64_TRUNC_S_F32(x) quick_I64_TRUNC_S_F32(instance, x)
#define I64_TRUNC_S_F64(x) quick_I64_TRUNC_S_F64(instance, x)
#define I32_TRUNC_U_F32(x) quick_I32_TRUNC_U_F32(instance, x)
#define I32_TRUNC_U_F64(x) quick_I32_TRUNC_U_F64(instance, x)
#define I64_TRUNC_U_F32(x) quick_I64_TRUNC_U_F32(instance, x)
#define I64_TRUNC_U_F64(x) quick_I64_TRUNC_U_F64(instance, x)

#define QUICK_BY_TYPE(x, op) _Generic((x), f32: op##f, f64: op)
#define FMIN(x, y) QUICK_BY_TYPE(x, quick_min)(x, y)
#define FMAX(x, y) QUICK_BY_TYPE(x, quick_max)(x, y)
/* tcc subtracts from -0, which does not change the sign of a NaN */
#define QUICK_NEG(x) QUICK_BY_TYPE(x, quick_neg)(x)

#define __builtin_isless(x, y) QUICK_BY_TYPE(x, quick_isless)(x, y)
#define __builtin_isgreater(x, y) QUICK_BY_TYPE(x, quick_isgreater)(x, y)
#define __builtin_islessequal(x, y) QUICK_BY_TYPE(x, quick_islessequal)(x, y)
#define __builtin_isgreaterequal(x, y) QUICK_BY_TYPE(x, quick_isgreaterequal)(x, y)

/* --- tables --- */

#define wasm_rt_funcref_null_value \
	((wasm_rt_funcref_t){ NULL, NULL, { NULL }, NULL })
#define wasm_rt_externref_null_value ((wasm_rt_externref_t)NULL)

/* For tcc, a const pointer is no constant. */
#define FUNC_TYPE_DECL_EXTERN_T(x) extern const char x[]
#define FUNC_TYPE_EXTERN_T(x) const char x[]
#define FUNC_TYPE_T(x) static const char x[]

typedef struct {
	enum { RefFunc, RefNull, GlobalGet } expr_type;
	wasm_rt_func_type_t type;
	wasm_rt_function_ptr_t func;
	wasm_rt_tailcallee_t func_tailcallee;
	size_t module_offset;
} wasm_elem_segment_expr_t;

void muslin_table(void *, wasm_rt_funcref_table_t *, u32, u32);
void muslin_table_init(void *, wasm_rt_funcref_table_t *,
		       const wasm_elem_segment_expr_t *, u32, u32, u32, u32);
void muslin_table_copy(void *, wasm_rt_funcref_table_t *,
		       const wasm_rt_funcref_table_t *, u32, u32, u32);
void muslin_table_fill(void *, wasm_rt_funcref_table_t *, u32,
		       wasm_rt_funcref_t, u32);
wasm_rt_function_ptr_t muslin_callee(void *, const wasm_rt_funcref_table_t *,
				     u32, wasm_rt_func_type_t);

#define wasm_rt_allocate_funcref_table(t, size, max) \
	muslin_table(instance, t, size, max)
#define wasm_rt_free_funcref_table(t) \
	(muslin_head(instance)->rt->free(instance, (t)->data), \
	 (t)->data = NULL)
#define wasm_rt_grow_funcref_table(t, n, value) \
	((void)(value), (n) ? 0xffffffffu : (t)->size)
#define funcref_table_init(t, src, src_size, d, s, n, inst) \
	muslin_table_init(instance, t, src, src_size, d, s, n)
#define funcref_table_copy(dest, src, d, s, n) \
	muslin_table_copy(instance, dest, src, d, s, n)
#define funcref_table_fill(t, d, value, n) \
	muslin_table_fill(instance, t, d, value, n)
#define funcref_table_get(t, i) \
	((i) >= (t)->size ? TRAP(OOB) : 0, (t)->data[i])
#define funcref_table_set(t, i, value) \
	((i) >= (t)->size ? TRAP(OOB) : 0, (void)((t)->data[i] = (value)))

#define CALL_INDIRECT(table, t, type, x, ...) \
	((t)((x) < (table).size && (table).data[x].func_type == (type) ? \
	     (table).data[x].func : \
	     muslin_callee(instance, &(table), x, type)))(__VA_ARGS__)

/* --- exceptions --- */

int muslin_setjmp(struct muslin_jump *);
void muslin_exception(void *, wasm_rt_tag_t, u32, const void *);
void muslin_throw(void *);

#define WASM_RT_UNWIND_TARGET struct muslin_jump
#define wasm_rt_try(target) muslin_setjmp(&(target))
#define wasm_rt_get_unwind_target() (muslin_head(instance)->unwind->target)
#define wasm_rt_set_unwind_target(to) \
	((void)(muslin_head(instance)->unwind->target = (to)))
#define wasm_rt_exception_tag() (muslin_head(instance)->unwind->tag)
#define wasm_rt_exception_size() (muslin_head(instance)->unwind->size)
#define wasm_rt_exception() ((void *)muslin_head(instance)->unwind->values)
#define wasm_rt_load_exception(tag, size, values) \
	muslin_exception(instance, tag, size, values)
#define wasm_rt_throw() muslin_throw(instance)
