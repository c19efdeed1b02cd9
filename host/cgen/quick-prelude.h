/* SPDX-License-Identifier: MIT */
/*
 * prelude.h for libtcc, which has none of the builtins that it needs, and
 * does not inline.  Plain accesses to memory and what an operator of C does
 * exactly are written out; everything else is a function of quick-rt.c, which
 * is made of prelude.h.  So both tiers compute the same.
 *
 * quick-text.c makes one text of quick-types.h, abi.h, prelude-plain.h, this file,
 * quick-ops.h and what wasm2c has written, all without #include.
 */
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)

#define __builtin_memset memset
#define __builtin_memcpy memcpy
#define __builtin_memmove memmove
#define INFINITY f32_reinterpret_i32(0x7f800000u)

void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);

/* --- traps --- */

void quick_trap(void *, wasm_rt_trap_t);

#define MUSLIN_TRAP(reason) quick_trap(instance, WASM_RT_TRAP_##reason)

/* --- memory --- */

#define MUSLIN_AT(t, addr) (*(volatile t *)MUSLIN_MEM(addr))
#define MUSLIN_BULK(op) (op)

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

/* For tcc, a const pointer is no constant. */
#define FUNC_TYPE_DECL_EXTERN_T(x) extern const char x[]
#define FUNC_TYPE_EXTERN_T(x) const char x[]
#define FUNC_TYPE_T(x) static const char x[]

void muslin_table(void *, wasm_rt_funcref_table_t *, u32, u32);
void muslin_table_init(void *, wasm_rt_funcref_table_t *,
		       const wasm_elem_segment_expr_t *, u32, u32, u32, u32);
void muslin_table_copy(void *, wasm_rt_funcref_table_t *,
		       const wasm_rt_funcref_table_t *, u32, u32, u32);
void muslin_table_fill(void *, wasm_rt_funcref_table_t *, u32,
		       wasm_rt_funcref_t, u32);
wasm_rt_function_ptr_t muslin_callee(void *, const wasm_rt_funcref_table_t *,
				     u32, wasm_rt_func_type_t);

#define CALL_INDIRECT(table, t, type, x, ...) \
	((t)((x) < (table).size && (table).data[x].func_type == MUSLIN_TYPE(type) ? \
	     (table).data[x].func : \
	     muslin_callee((void *)instance, &(table), x, MUSLIN_TYPE(type))))(__VA_ARGS__)

/* --- struct muslin_vcpu: libtcc has no __seg_gs --- */

#define MUSLIN_WORD(t, at) ({ \
	t word_; \
	__asm__ volatile("mov %%gs:" at ", %0" : "=r"(word_)); \
	word_; \
})
#define MUSLIN_SET_WORD(at, value) ({ \
	u32 word_ = (value); \
	__asm__ volatile("mov %0, %%gs:" at : : "r"(word_)); \
})
#define MUSLIN_UNWIND MUSLIN_WORD(struct muslin_unwind *, "24")
#define MUSLIN_SP MUSLIN_WORD(u32, "32")
#define MUSLIN_SET_SP(value) MUSLIN_SET_WORD("32", value)
#define MUSLIN_TLS MUSLIN_WORD(u32, "36")
#define MUSLIN_SET_TLS(value) MUSLIN_SET_WORD("36", value)

/* A frame of this code has the instance's address, which fork() changes in a child's. */
#define MUSLIN_RELOAD ((void)0)

/* --- exceptions --- */

int muslin_setjmp(struct muslin_jump *);
void muslin_exception(void *, wasm_rt_tag_t, u32, const void *);
void muslin_throw(void *);

void quick_frame_enter(void *, struct muslin_frame *, struct muslin_landing *, u32);
void quick_frame_leave(void *, struct muslin_frame *);
u32 quick_landing_set(void *, struct muslin_landing *, u32, u32);
void muslin_land(void *, u32, u32);

#define muslin_frame_enter quick_frame_enter
#define muslin_frame_leave quick_frame_leave
#define muslin_landing_set quick_landing_set
