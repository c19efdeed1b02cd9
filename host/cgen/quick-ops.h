/* SPDX-License-Identifier: MIT */
/*
 * Instructions that the quick tier calls: what prelude.h makes of them, as
 * functions.  Included by quick-rt.c, and a part of quick-prelude.h.
 *
 *	OP1, OP2(name, result, type)		result name(type [, type])
 *	TRAP1, TRAP2(name, result, type)	the same, and may trap
 *	LOAD, STORE, RMW, CMPXCHG(name, type)	atomic; also name_shared
 */
OP1(I32_CLZ, u32, u32)
OP1(I64_CLZ, u64, u64)
OP1(I32_CTZ, u32, u32)
OP1(I64_CTZ, u64, u64)
OP1(I32_POPCNT, u32, u32)
OP1(I64_POPCNT, u64, u64)
TRAP2(I32_DIV_S, u32, u32)
TRAP2(I64_DIV_S, u64, u64)
TRAP2(I32_REM_S, u32, u32)
TRAP2(I64_REM_S, u64, u64)

TRAP1(I32_TRUNC_S_F32, u32, f32)
TRAP1(I32_TRUNC_S_F64, u32, f64)
TRAP1(I64_TRUNC_S_F32, u64, f32)
TRAP1(I64_TRUNC_S_F64, u64, f64)
TRAP1(I32_TRUNC_U_F32, u32, f32)
TRAP1(I32_TRUNC_U_F64, u32, f64)
TRAP1(I64_TRUNC_U_F32, u64, f32)
TRAP1(I64_TRUNC_U_F64, u64, f64)
OP1(I32_TRUNC_SAT_S_F32, u32, f32)
OP1(I32_TRUNC_SAT_S_F64, u32, f64)
OP1(I64_TRUNC_SAT_S_F32, u64, f32)
OP1(I64_TRUNC_SAT_S_F64, u64, f64)
OP1(I32_TRUNC_SAT_U_F32, u32, f32)
OP1(I32_TRUNC_SAT_U_F64, u32, f64)
OP1(I64_TRUNC_SAT_U_F32, u64, f32)
OP1(I64_TRUNC_SAT_U_F64, u64, f64)

OP1(f32_reinterpret_i32, f32, u32)
OP1(i32_reinterpret_f32, u32, f32)
OP1(f64_reinterpret_i64, f64, u64)
OP1(i64_reinterpret_f64, u64, f64)
OP1(wasm_quietf, f32, f32)
OP1(wasm_quiet, f64, f64)
OP1(wasm_floorf, f32, f32)
OP1(wasm_floor, f64, f64)
OP1(wasm_ceilf, f32, f32)
OP1(wasm_ceil, f64, f64)
OP1(wasm_truncf, f32, f32)
OP1(wasm_trunc, f64, f64)
OP1(wasm_nearbyintf, f32, f32)
OP1(wasm_nearbyint, f64, f64)
OP1(wasm_sqrtf, f32, f32)
OP1(wasm_sqrt, f64, f64)
OP1(wasm_fabsf, f32, f32)
OP1(wasm_fabs, f64, f64)
OP1(quick_negf, f32, f32)
OP1(quick_neg, f64, f64)
OP2(copysignf, f32, f32)
OP2(copysign, f64, f64)
OP2(quick_minf, f32, f32)
OP2(quick_min, f64, f64)
OP2(quick_maxf, f32, f32)
OP2(quick_max, f64, f64)

/* of programs that use the floating-point environment */
OP2(quick_islessf, u32, f32)
OP2(quick_isless, u32, f64)
OP2(quick_isgreaterf, u32, f32)
OP2(quick_isgreater, u32, f64)
OP2(quick_islessequalf, u32, f32)
OP2(quick_islessequal, u32, f64)
OP2(quick_isgreaterequalf, u32, f32)
OP2(quick_isgreaterequal, u32, f64)

/* what tcc calls for a conversion */
OP1(__floatundisf, f32, u64)
OP1(__floatundidf, f64, u64)

#define RMWS(op) \
	RMW(i32_atomic_rmw8_##op##_u, u32) \
	RMW(i32_atomic_rmw16_##op##_u, u32) \
	RMW(i32_atomic_rmw_##op, u32) \
	RMW(i64_atomic_rmw8_##op##_u, u64) \
	RMW(i64_atomic_rmw16_##op##_u, u64) \
	RMW(i64_atomic_rmw32_##op##_u, u64) \
	RMW(i64_atomic_rmw_##op, u64)

LOAD(i32_atomic_load, u32)
LOAD(i64_atomic_load, u64)
LOAD(i32_atomic_load8_u, u32)
LOAD(i64_atomic_load8_u, u64)
LOAD(i32_atomic_load16_u, u32)
LOAD(i64_atomic_load16_u, u64)
LOAD(i64_atomic_load32_u, u64)
STORE(i32_atomic_store, u32)
STORE(i64_atomic_store, u64)
STORE(i32_atomic_store8, u32)
STORE(i32_atomic_store16, u32)
STORE(i64_atomic_store8, u64)
STORE(i64_atomic_store16, u64)
STORE(i64_atomic_store32, u64)
RMWS(add)
RMWS(sub)
RMWS(and)
RMWS(or)
RMWS(xor)
RMWS(xchg)
CMPXCHG(i32_atomic_rmw8_cmpxchg_u, u32)
CMPXCHG(i32_atomic_rmw16_cmpxchg_u, u32)
CMPXCHG(i32_atomic_rmw_cmpxchg, u32)
CMPXCHG(i64_atomic_rmw8_cmpxchg_u, u64)
CMPXCHG(i64_atomic_rmw16_cmpxchg_u, u64)
CMPXCHG(i64_atomic_rmw32_cmpxchg_u, u64)
CMPXCHG(i64_atomic_rmw_cmpxchg, u64)
