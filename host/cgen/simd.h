/* SPDX-License-Identifier: MIT */
/*
 * v128 for programs that have it: what wasm2c's header and code take from SIMDe.
 * Vectors as clang and gcc have them become one or two instructions where the
 * processor has such; where it has one that they do not see, it is named.
 * Particular to a CPU, x86-64.  Only the optimized tier includes this.
 *
 * Accesses follow prelude-plain.h's rules, for which f32 and f64 are as good as
 * numbers of their size, and go to a vector's register at once.
 */
#ifndef MUSLIN_SIMD_H
#define MUSLIN_SIMD_H

#include <stdint.h>

/* its malloc is of a C library: gcc's name of that header */
#define _MM_MALLOC_H_INCLUDED
#ifdef __SSE4_1__
#include <smmintrin.h>
#else
#include <emmintrin.h>
#endif

#define WASM_RT_SIMD_TYPE_DEFINED
typedef __m128i v128;
typedef v128 __attribute__((aligned(1), may_alias)) unaligned_v128;

#define MUSLIN_VECTOR(t, n) __attribute__((vector_size(n * sizeof(t)))) t
typedef MUSLIN_VECTOR(int8_t, 16) s8x16;
typedef MUSLIN_VECTOR(uint8_t, 16) u8x16;
typedef MUSLIN_VECTOR(int16_t, 8) s16x8;
typedef MUSLIN_VECTOR(uint16_t, 8) u16x8;
typedef MUSLIN_VECTOR(int32_t, 4) s32x4;
typedef MUSLIN_VECTOR(uint32_t, 4) u32x4;
typedef MUSLIN_VECTOR(int64_t, 2) s64x2;
typedef MUSLIN_VECTOR(uint64_t, 2) u64x2;
typedef MUSLIN_VECTOR(float, 4) f32x4;
typedef MUSLIN_VECTOR(double, 2) f64x2;
/* half a register */
typedef MUSLIN_VECTOR(int8_t, 8) s8x8;
typedef MUSLIN_VECTOR(uint8_t, 8) u8x8;
typedef MUSLIN_VECTOR(int16_t, 4) s16x4;
typedef MUSLIN_VECTOR(uint16_t, 4) u16x4;
typedef MUSLIN_VECTOR(int32_t, 2) s32x2;
typedef MUSLIN_VECTOR(uint32_t, 2) u32x2;

/* Functions of a, and b or an n that is not a vector. */
#define MUSLIN_V1(name, x) static inline v128 name(v128 a) { return (v128)(x); }
#define MUSLIN_V2(name, x) static inline v128 name(v128 a, v128 b) { return (v128)(x); }
#define MUSLIN_VN(name, x) static inline v128 name(v128 a, uint32_t n) { return (v128)(x); }
#define MUSLIN_U1(name, x) static inline uint32_t name(v128 a) { return (x); }

/* --- lanes --- */

#define v128_const(...) ((v128)(u8x16){ __VA_ARGS__ })
#define simde_wasm_i64x2_make(x, y) ((v128)(s64x2){ x, y })
#define v128_i8x16_shuffle(a, b, ...) \
	((v128)__builtin_shufflevector((u8x16)(a), (u8x16)(b), __VA_ARGS__))

#define v128_i8x16_extract_lane(a, l) ((uint32_t)(int32_t)((s8x16)(a))[l])
#define v128_u8x16_extract_lane(a, l) ((uint32_t)((u8x16)(a))[l])
#define v128_i16x8_extract_lane(a, l) ((uint32_t)(int32_t)((s16x8)(a))[l])
#define v128_u16x8_extract_lane(a, l) ((uint32_t)((u16x8)(a))[l])
#define v128_i32x4_extract_lane(a, l) (((u32x4)(a))[l])
#define v128_i64x2_extract_lane(a, l) (((u64x2)(a))[l])
#define v128_f32x4_extract_lane(a, l) (((f32x4)(a))[l])
#define v128_f64x2_extract_lane(a, l) (((f64x2)(a))[l])

#define MUSLIN_REPLACE(t, a, l, x) ({ \
	t v_ = (t)(a); \
	v_[l] = (x); \
	(v128)v_; \
})
#define v128_i8x16_replace_lane(a, l, x) MUSLIN_REPLACE(u8x16, a, l, x)
#define v128_i16x8_replace_lane(a, l, x) MUSLIN_REPLACE(u16x8, a, l, x)
#define v128_i32x4_replace_lane(a, l, x) MUSLIN_REPLACE(u32x4, a, l, x)
#define v128_i64x2_replace_lane(a, l, x) MUSLIN_REPLACE(u64x2, a, l, x)
#define v128_f32x4_replace_lane(a, l, x) MUSLIN_REPLACE(f32x4, a, l, x)
#define v128_f64x2_replace_lane(a, l, x) MUSLIN_REPLACE(f64x2, a, l, x)

static inline v128 simde_wasm_i8x16_splat(uint32_t x) { return (v128)((u8x16){ 0 } + (uint8_t)x); }
static inline v128 simde_wasm_i16x8_splat(uint32_t x) { return (v128)((u16x8){ 0 } + (uint16_t)x); }
static inline v128 simde_wasm_i32x4_splat(uint32_t x) { return (v128)(u32x4){ x, x, x, x }; }
static inline v128 simde_wasm_i64x2_splat(uint64_t x) { return (v128)(u64x2){ x, x }; }
static inline v128 simde_wasm_f32x4_splat(float x) { return (v128)(f32x4){ x, x, x, x }; }
static inline v128 simde_wasm_f64x2_splat(double x) { return (v128)(f64x2){ x, x }; }

/* --- memory --- */

#define v128_load(m, addr) ((v128)MUSLIN_AT(v128, addr))
#define v128_store(m, addr, v) (MUSLIN_AT(v128, addr) = (v))

#define v128_load8_splat(m, addr) simde_wasm_i8x16_splat(MUSLIN_AT(u8, addr))
#define v128_load16_splat(m, addr) simde_wasm_i16x8_splat(MUSLIN_AT(u16, addr))
#define v128_load32_splat(m, addr) simde_wasm_f32x4_splat(MUSLIN_AT(f32, addr))
#define v128_load64_splat(m, addr) simde_wasm_f64x2_splat(MUSLIN_AT(f64, addr))
#define v128_load32_zero(m, addr) ((v128)(f32x4){ MUSLIN_AT(f32, addr), 0, 0, 0 })
#define v128_load64_zero(m, addr) ((v128)(f64x2){ MUSLIN_AT(f64, addr), 0 })

#define i16x8_load8x8(m, addr) v128_i16x8_extend_low_i8x16(v128_load64_zero(m, addr))
#define u16x8_load8x8(m, addr) v128_u16x8_extend_low_u8x16(v128_load64_zero(m, addr))
#define i32x4_load16x4(m, addr) v128_i32x4_extend_low_i16x8(v128_load64_zero(m, addr))
#define u32x4_load16x4(m, addr) v128_u32x4_extend_low_u16x8(v128_load64_zero(m, addr))
#define i64x2_load32x2(m, addr) v128_i64x2_extend_low_i32x4(v128_load64_zero(m, addr))
#define u64x2_load32x2(m, addr) v128_u64x2_extend_low_u32x4(v128_load64_zero(m, addr))

/* of a memory that threads share, wasm2c says these so, and no others */
#define v128_load_shared v128_load
#define v128_store_shared v128_store
#define i16x8_load8x8_shared i16x8_load8x8
#define u16x8_load8x8_shared u16x8_load8x8
#define i32x4_load16x4_shared i32x4_load16x4
#define u32x4_load16x4_shared u32x4_load16x4
#define i64x2_load32x2_shared i64x2_load32x2
#define u64x2_load32x2_shared u64x2_load32x2

#define MUSLIN_LOAD8(addr, v, l) MUSLIN_REPLACE(u8x16, v, l, MUSLIN_AT(u8, addr))
#define MUSLIN_LOAD16(addr, v, l) MUSLIN_REPLACE(u16x8, v, l, MUSLIN_AT(u16, addr))
#define MUSLIN_LOAD32(addr, v, l) MUSLIN_REPLACE(u32x4, v, l, MUSLIN_AT(u32, addr))
#define MUSLIN_LOAD64(addr, v, l) MUSLIN_REPLACE(f64x2, v, l, MUSLIN_AT(f64, addr))
#define MUSLIN_STORE8(addr, v, l) (MUSLIN_AT(u8, addr) = ((u8x16)(v))[l])
#define MUSLIN_STORE16(addr, v, l) (MUSLIN_AT(u16, addr) = ((u16x8)(v))[l])
#define MUSLIN_STORE32(addr, v, l) (MUSLIN_AT(u32, addr) = ((u32x4)(v))[l])
#define MUSLIN_STORE64(addr, v, l) (MUSLIN_AT(f64, addr) = ((f64x2)(v))[l])
#define v128_load8_lane0(m, addr, v) MUSLIN_LOAD8(addr, v, 0)
#define v128_load8_lane1(m, addr, v) MUSLIN_LOAD8(addr, v, 1)
#define v128_load8_lane2(m, addr, v) MUSLIN_LOAD8(addr, v, 2)
#define v128_load8_lane3(m, addr, v) MUSLIN_LOAD8(addr, v, 3)
#define v128_load8_lane4(m, addr, v) MUSLIN_LOAD8(addr, v, 4)
#define v128_load8_lane5(m, addr, v) MUSLIN_LOAD8(addr, v, 5)
#define v128_load8_lane6(m, addr, v) MUSLIN_LOAD8(addr, v, 6)
#define v128_load8_lane7(m, addr, v) MUSLIN_LOAD8(addr, v, 7)
#define v128_load8_lane8(m, addr, v) MUSLIN_LOAD8(addr, v, 8)
#define v128_load8_lane9(m, addr, v) MUSLIN_LOAD8(addr, v, 9)
#define v128_load8_lane10(m, addr, v) MUSLIN_LOAD8(addr, v, 10)
#define v128_load8_lane11(m, addr, v) MUSLIN_LOAD8(addr, v, 11)
#define v128_load8_lane12(m, addr, v) MUSLIN_LOAD8(addr, v, 12)
#define v128_load8_lane13(m, addr, v) MUSLIN_LOAD8(addr, v, 13)
#define v128_load8_lane14(m, addr, v) MUSLIN_LOAD8(addr, v, 14)
#define v128_load8_lane15(m, addr, v) MUSLIN_LOAD8(addr, v, 15)
#define v128_load16_lane0(m, addr, v) MUSLIN_LOAD16(addr, v, 0)
#define v128_load16_lane1(m, addr, v) MUSLIN_LOAD16(addr, v, 1)
#define v128_load16_lane2(m, addr, v) MUSLIN_LOAD16(addr, v, 2)
#define v128_load16_lane3(m, addr, v) MUSLIN_LOAD16(addr, v, 3)
#define v128_load16_lane4(m, addr, v) MUSLIN_LOAD16(addr, v, 4)
#define v128_load16_lane5(m, addr, v) MUSLIN_LOAD16(addr, v, 5)
#define v128_load16_lane6(m, addr, v) MUSLIN_LOAD16(addr, v, 6)
#define v128_load16_lane7(m, addr, v) MUSLIN_LOAD16(addr, v, 7)
#define v128_load32_lane0(m, addr, v) MUSLIN_LOAD32(addr, v, 0)
#define v128_load32_lane1(m, addr, v) MUSLIN_LOAD32(addr, v, 1)
#define v128_load32_lane2(m, addr, v) MUSLIN_LOAD32(addr, v, 2)
#define v128_load32_lane3(m, addr, v) MUSLIN_LOAD32(addr, v, 3)
#define v128_load64_lane0(m, addr, v) MUSLIN_LOAD64(addr, v, 0)
#define v128_load64_lane1(m, addr, v) MUSLIN_LOAD64(addr, v, 1)
#define v128_store8_lane0(m, addr, v) MUSLIN_STORE8(addr, v, 0)
#define v128_store8_lane1(m, addr, v) MUSLIN_STORE8(addr, v, 1)
#define v128_store8_lane2(m, addr, v) MUSLIN_STORE8(addr, v, 2)
#define v128_store8_lane3(m, addr, v) MUSLIN_STORE8(addr, v, 3)
#define v128_store8_lane4(m, addr, v) MUSLIN_STORE8(addr, v, 4)
#define v128_store8_lane5(m, addr, v) MUSLIN_STORE8(addr, v, 5)
#define v128_store8_lane6(m, addr, v) MUSLIN_STORE8(addr, v, 6)
#define v128_store8_lane7(m, addr, v) MUSLIN_STORE8(addr, v, 7)
#define v128_store8_lane8(m, addr, v) MUSLIN_STORE8(addr, v, 8)
#define v128_store8_lane9(m, addr, v) MUSLIN_STORE8(addr, v, 9)
#define v128_store8_lane10(m, addr, v) MUSLIN_STORE8(addr, v, 10)
#define v128_store8_lane11(m, addr, v) MUSLIN_STORE8(addr, v, 11)
#define v128_store8_lane12(m, addr, v) MUSLIN_STORE8(addr, v, 12)
#define v128_store8_lane13(m, addr, v) MUSLIN_STORE8(addr, v, 13)
#define v128_store8_lane14(m, addr, v) MUSLIN_STORE8(addr, v, 14)
#define v128_store8_lane15(m, addr, v) MUSLIN_STORE8(addr, v, 15)
#define v128_store16_lane0(m, addr, v) MUSLIN_STORE16(addr, v, 0)
#define v128_store16_lane1(m, addr, v) MUSLIN_STORE16(addr, v, 1)
#define v128_store16_lane2(m, addr, v) MUSLIN_STORE16(addr, v, 2)
#define v128_store16_lane3(m, addr, v) MUSLIN_STORE16(addr, v, 3)
#define v128_store16_lane4(m, addr, v) MUSLIN_STORE16(addr, v, 4)
#define v128_store16_lane5(m, addr, v) MUSLIN_STORE16(addr, v, 5)
#define v128_store16_lane6(m, addr, v) MUSLIN_STORE16(addr, v, 6)
#define v128_store16_lane7(m, addr, v) MUSLIN_STORE16(addr, v, 7)
#define v128_store32_lane0(m, addr, v) MUSLIN_STORE32(addr, v, 0)
#define v128_store32_lane1(m, addr, v) MUSLIN_STORE32(addr, v, 1)
#define v128_store32_lane2(m, addr, v) MUSLIN_STORE32(addr, v, 2)
#define v128_store32_lane3(m, addr, v) MUSLIN_STORE32(addr, v, 3)
#define v128_store64_lane0(m, addr, v) MUSLIN_STORE64(addr, v, 0)
#define v128_store64_lane1(m, addr, v) MUSLIN_STORE64(addr, v, 1)

/* --- bits --- */

MUSLIN_V1(simde_wasm_v128_not, ~a)
MUSLIN_V2(simde_wasm_v128_and, a & b)
MUSLIN_V2(simde_wasm_v128_andnot, a & ~b)
MUSLIN_V2(simde_wasm_v128_or, a | b)
MUSLIN_V2(simde_wasm_v128_xor, a ^ b)

/* Those of a where c has them, and those of b. */
static inline v128 simde_wasm_v128_bitselect(v128 a, v128 b, v128 c)
{
	return (a & c) | (b & ~c);
}

#define MUSLIN_ZEROS(t, a) _mm_movemask_epi8((v128)((t)(a) == (t){ 0 }))

MUSLIN_U1(simde_wasm_v128_any_true, MUSLIN_ZEROS(u8x16, a) != 0xffff)
MUSLIN_U1(simde_wasm_i8x16_all_true, !MUSLIN_ZEROS(u8x16, a))
MUSLIN_U1(simde_wasm_i16x8_all_true, !MUSLIN_ZEROS(u16x8, a))
MUSLIN_U1(simde_wasm_i32x4_all_true, !MUSLIN_ZEROS(u32x4, a))
MUSLIN_U1(simde_wasm_i64x2_all_true, !MUSLIN_ZEROS(u64x2, a))
MUSLIN_U1(v128_i8x16_bitmask, _mm_movemask_epi8(a))
MUSLIN_U1(v128_i16x8_bitmask, _mm_movemask_epi8(_mm_packs_epi16(a, (v128){ 0 })))
MUSLIN_U1(v128_i32x4_bitmask, _mm_movemask_ps((__m128)a))
MUSLIN_U1(v128_i64x2_bitmask, _mm_movemask_pd((__m128d)a))

/* --- integers --- */

/* the ones of a where m has them, and those of b */
#define MUSLIN_SELECT(m, a, b) (((v128)(m) & (v128)(a)) | (~(v128)(m) & (v128)(b)))

#define MUSLIN_COMPARE(name, s) \
	MUSLIN_V2(simde_wasm_i##name##_eq, (s)a == (s)b) \
	MUSLIN_V2(simde_wasm_i##name##_ne, (s)a != (s)b) \
	MUSLIN_V2(simde_wasm_i##name##_lt, (s)a < (s)b) \
	MUSLIN_V2(simde_wasm_i##name##_gt, (s)a > (s)b) \
	MUSLIN_V2(simde_wasm_i##name##_le, (s)a <= (s)b) \
	MUSLIN_V2(simde_wasm_i##name##_ge, (s)a >= (s)b)
#define MUSLIN_UNSIGNED(name, s, u) \
	MUSLIN_V2(simde_wasm_u##name##_lt, (u)a < (u)b) \
	MUSLIN_V2(simde_wasm_u##name##_gt, (u)a > (u)b) \
	MUSLIN_V2(simde_wasm_u##name##_le, (u)a <= (u)b) \
	MUSLIN_V2(simde_wasm_u##name##_ge, (u)a >= (u)b) \
	MUSLIN_V2(simde_wasm_i##name##_min, MUSLIN_SELECT((s)a < (s)b, a, b)) \
	MUSLIN_V2(simde_wasm_i##name##_max, MUSLIN_SELECT((s)a > (s)b, a, b)) \
	MUSLIN_V2(simde_wasm_u##name##_min, MUSLIN_SELECT((u)a < (u)b, a, b)) \
	MUSLIN_V2(simde_wasm_u##name##_max, MUSLIN_SELECT((u)a > (u)b, a, b))
#define MUSLIN_INTEGER(name, s, u, bits) \
	MUSLIN_V2(simde_wasm_i##name##_add, (u)a + (u)b) \
	MUSLIN_V2(simde_wasm_i##name##_sub, (u)a - (u)b) \
	MUSLIN_V1(simde_wasm_i##name##_neg, -(u)a) \
	MUSLIN_V1(simde_wasm_i##name##_abs, ((u)a ^ (u)((s)a >> (bits - 1))) - (u)((s)a >> (bits - 1))) \
	MUSLIN_VN(simde_wasm_i##name##_shl, (u)a << (uint##bits##_t)(n & (bits - 1))) \
	MUSLIN_VN(simde_wasm_i##name##_shr, (s)a >> (int##bits##_t)(n & (bits - 1))) \
	MUSLIN_VN(simde_wasm_u##name##_shr, (u)a >> (uint##bits##_t)(n & (bits - 1)))

MUSLIN_INTEGER(8x16, s8x16, u8x16, 8)
MUSLIN_INTEGER(16x8, s16x8, u16x8, 16)
MUSLIN_INTEGER(32x4, s32x4, u32x4, 32)
MUSLIN_INTEGER(64x2, s64x2, u64x2, 64)
MUSLIN_COMPARE(8x16, s8x16)
MUSLIN_COMPARE(16x8, s16x8)
MUSLIN_COMPARE(32x4, s32x4)
MUSLIN_COMPARE(64x2, s64x2)
MUSLIN_UNSIGNED(8x16, s8x16, u8x16)
MUSLIN_UNSIGNED(16x8, s16x8, u16x8)
MUSLIN_UNSIGNED(32x4, s32x4, u32x4)

MUSLIN_V2(simde_wasm_i16x8_mul, (u16x8)a * (u16x8)b)
MUSLIN_V2(simde_wasm_i32x4_mul, (u32x4)a * (u32x4)b)
MUSLIN_V2(simde_wasm_i64x2_mul, (u64x2)a * (u64x2)b)

MUSLIN_V2(simde_wasm_i8x16_add_sat, _mm_adds_epi8(a, b))
MUSLIN_V2(simde_wasm_u8x16_add_sat, _mm_adds_epu8(a, b))
MUSLIN_V2(simde_wasm_i16x8_add_sat, _mm_adds_epi16(a, b))
MUSLIN_V2(simde_wasm_u16x8_add_sat, _mm_adds_epu16(a, b))
MUSLIN_V2(simde_wasm_i8x16_sub_sat, _mm_subs_epi8(a, b))
MUSLIN_V2(simde_wasm_u8x16_sub_sat, _mm_subs_epu8(a, b))
MUSLIN_V2(simde_wasm_i16x8_sub_sat, _mm_subs_epi16(a, b))
MUSLIN_V2(simde_wasm_u16x8_sub_sat, _mm_subs_epu16(a, b))
MUSLIN_V2(simde_wasm_u8x16_avgr, _mm_avg_epu8(a, b))
MUSLIN_V2(simde_wasm_u16x8_avgr, _mm_avg_epu16(a, b))
MUSLIN_V2(simde_wasm_i32x4_dot_i16x8, _mm_madd_epi16(a, b))

MUSLIN_V2(v128_i8x16_narrow_i16x8, _mm_packs_epi16(a, b))
MUSLIN_V2(v128_u8x16_narrow_i16x8, _mm_packus_epi16(a, b))
MUSLIN_V2(v128_i16x8_narrow_i32x4, _mm_packs_epi32(a, b))

/* Half of the lanes of a variable, to twice their size. */
#define MUSLIN_LOW(t, half, a) __builtin_convertvector(*(half *)&(a), t)
#define MUSLIN_HIGH(t, half, a) __builtin_convertvector(((half *)&(a))[1], t)
#define MUSLIN_EXTEND(to, from, t, half) \
	MUSLIN_V1(v128_##to##_extend_low_##from, MUSLIN_LOW(t, half, a)) \
	MUSLIN_V1(v128_##to##_extend_high_##from, MUSLIN_HIGH(t, half, a)) \
	MUSLIN_V2(v128_##to##_extmul_low_##from, MUSLIN_LOW(t, half, a) * MUSLIN_LOW(t, half, b)) \
	MUSLIN_V2(v128_##to##_extmul_high_##from, MUSLIN_HIGH(t, half, a) * MUSLIN_HIGH(t, half, b))
MUSLIN_EXTEND(i16x8, i8x16, s16x8, s8x8)
MUSLIN_EXTEND(u16x8, u8x16, u16x8, u8x8)
MUSLIN_EXTEND(i32x4, i16x8, s32x4, s16x4)
MUSLIN_EXTEND(u32x4, u16x8, u32x4, u16x4)
MUSLIN_EXTEND(i64x2, i32x4, s64x2, s32x2)
MUSLIN_EXTEND(u64x2, u32x4, u64x2, u32x2)

MUSLIN_V1(simde_wasm_i32x4_extadd_pairwise_i16x8, _mm_madd_epi16(a, (v128)(s16x8){ 1, 1, 1, 1, 1, 1, 1, 1 }))
MUSLIN_V1(simde_wasm_u32x4_extadd_pairwise_u16x8, ((u32x4)a >> 16) + ((u32x4)a & 0xffff))

/* --- floating point --- */

#define MUSLIN_FLOAT(name, t, u, bits, suffix, M) \
	MUSLIN_V2(simde_wasm_##name##_eq, (t)a == (t)b) \
	MUSLIN_V2(simde_wasm_##name##_ne, (t)a != (t)b) \
	MUSLIN_V2(simde_wasm_##name##_lt, (t)a < (t)b) \
	MUSLIN_V2(simde_wasm_##name##_gt, (t)a > (t)b) \
	MUSLIN_V2(simde_wasm_##name##_le, (t)a <= (t)b) \
	MUSLIN_V2(simde_wasm_##name##_ge, (t)a >= (t)b) \
	MUSLIN_V2(simde_wasm_##name##_add, (t)a + (t)b) \
	MUSLIN_V2(simde_wasm_##name##_sub, (t)a - (t)b) \
	MUSLIN_V2(simde_wasm_##name##_mul, (t)a * (t)b) \
	MUSLIN_V2(simde_wasm_##name##_div, (t)a / (t)b) \
	MUSLIN_V1(simde_wasm_##name##_abs, (u)a & ((u){ 0 } + (uint##bits##_t)-1 >> 1)) \
	MUSLIN_V1(simde_wasm_##name##_neg, (u)a ^ ((u){ 0 } + (uint##bits##_t)1 << (bits - 1))) \
	MUSLIN_V1(simde_wasm_##name##_sqrt, _mm_sqrt_##suffix((M)a)) \
	/* the processor's give the second if one is NaN, or both are 0 */ \
	MUSLIN_V2(simde_wasm_##name##_pmin, _mm_min_##suffix((M)b, (M)a)) \
	MUSLIN_V2(simde_wasm_##name##_pmax, _mm_max_##suffix((M)b, (M)a)) \
	/* so both ways around, which differ in a zero's sign */ \
	static inline v128 simde_wasm_##name##_min(v128 a, v128 b) \
	{ \
		M x = _mm_min_##suffix((M)b, (M)a), y = _mm_min_##suffix((M)a, (M)b); \
		v128 nan = (v128)_mm_cmpunord_##suffix((M)a, (M)b); \
		\
		return MUSLIN_SELECT(nan, (t)a + (t)b, (v128)x | (v128)y); \
	} \
	static inline v128 simde_wasm_##name##_max(v128 a, v128 b) \
	{ \
		M x = _mm_max_##suffix((M)b, (M)a), y = _mm_max_##suffix((M)a, (M)b); \
		v128 nan = (v128)_mm_cmpunord_##suffix((M)a, (M)b); \
		\
		return MUSLIN_SELECT(nan, (t)a + (t)b, (v128)x & (v128)y); \
	}
MUSLIN_FLOAT(f32x4, f32x4, u32x4, 32, ps, __m128)
MUSLIN_FLOAT(f64x2, f64x2, u64x2, 64, pd, __m128d)

MUSLIN_V1(simde_wasm_f32x4_convert_i32x4, __builtin_convertvector((s32x4)a, f32x4))
MUSLIN_V1(simde_wasm_f32x4_convert_u32x4, __builtin_convertvector((u32x4)a, f32x4))
MUSLIN_V1(v128_f64x2_convert_low_i32x4, _mm_cvtepi32_pd(a))
MUSLIN_V1(v128_f64x2_convert_low_u32x4, MUSLIN_LOW(f64x2, u32x2, a))
MUSLIN_V1(v128_f32x4_demote_f64x2_zero, _mm_cvtpd_ps((__m128d)a))
MUSLIN_V1(v128_f64x2_promote_low_f32x4, _mm_cvtps_pd((__m128)a))

/*
 * Conversions of the processor make 1 << 31 of what does not fit; NaN becomes 0
 * before.  What is above all signed numbers has its difference to the first of them.
 */
static inline v128 simde_wasm_i32x4_trunc_sat_f32x4(v128 a)
{
	f32x4 x = (f32x4)(a & (v128)((f32x4)a == (f32x4)a));

	return _mm_cvttps_epi32((__m128)x) ^ (v128)(x >= 0x1p31f);
}

static inline v128 simde_wasm_u32x4_trunc_sat_f32x4(v128 a)
{
	f32x4 x = (f32x4)_mm_max_ps((__m128)a, (__m128){ 0 }), above = x - 0x1p31f;
	v128 more = _mm_cvttps_epi32((__m128)above) ^ (v128)(above >= 0x1p31f);

	return (v128)((u32x4)_mm_cvttps_epi32((__m128)x) + (u32x4)(more & (v128)(above >= 0)));
}

static inline v128 v128_i32x4_trunc_sat_f64x2_zero(v128 a)
{
	f64x2 x = (f64x2)(a & (v128)((f64x2)a == (f64x2)a));

	return _mm_cvttpd_epi32(_mm_min_pd((__m128d)x, (__m128d){ 0x7fffffff, 0x7fffffff }));
}

static inline v128 v128_u32x4_trunc_sat_f64x2_zero(v128 a)
{
	__m128d zero = { 0 }, last = { 0xffffffff, 0xffffffff };
	__m128d x = _mm_min_pd(_mm_max_pd((__m128d)a, zero), last);
	__m128d above = _mm_max_pd(x - (__m128d){ 0x1p31, 0x1p31 }, zero);

	return (v128)((u32x4)_mm_cvttpd_epi32(x) + (u32x4)_mm_cvttpd_epi32(above)) &
		(v128)(u64x2){ -1, 0 };
}

/* --- what processors have since x86-64-v2, and what does that elsewhere --- */

#ifdef __SSE4_1__

/* A place above 15 gets its first bit. */
MUSLIN_V2(v128_i8x16_swizzle, _mm_shuffle_epi8(a, _mm_adds_epu8(b, _mm_set1_epi8(0x70))))
MUSLIN_V2(v128_u16x8_narrow_i32x4, _mm_packus_epi32(a, b))
MUSLIN_V1(simde_wasm_i16x8_extadd_pairwise_i8x16, _mm_maddubs_epi16(_mm_set1_epi8(1), a))
MUSLIN_V1(simde_wasm_u16x8_extadd_pairwise_u8x16, _mm_maddubs_epi16(a, _mm_set1_epi8(1)))

/* Of four bits at once: there is a table in a register. */
static inline v128 simde_wasm_i8x16_popcnt(v128 a)
{
	v128 bits = (v128)(u8x16){ 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4 };
	v128 low = a & _mm_set1_epi8(15), high = (v128)((u16x8)a >> 4) & _mm_set1_epi8(15);

	return (v128)((u8x16)_mm_shuffle_epi8(bits, low) + (u8x16)_mm_shuffle_epi8(bits, high));
}

/* Only -1 * -1 is 1, which is too much. */
static inline v128 simde_wasm_i16x8_q15mulr_sat(v128 a, v128 b)
{
	v128 x = _mm_mulhrs_epi16(a, b);

	return x ^ (v128)((s16x8)x == INT16_MIN);
}

#define MUSLIN_ROUND(name, mode) \
	MUSLIN_V1(simde_wasm_f32x4_##name, _mm_round_ps((__m128)a, (mode) | _MM_FROUND_NO_EXC)) \
	MUSLIN_V1(simde_wasm_f64x2_##name, _mm_round_pd((__m128d)a, (mode) | _MM_FROUND_NO_EXC))
MUSLIN_ROUND(ceil, _MM_FROUND_TO_POS_INF)
MUSLIN_ROUND(floor, _MM_FROUND_TO_NEG_INF)
MUSLIN_ROUND(trunc, _MM_FROUND_TO_ZERO)
MUSLIN_ROUND(nearest, _MM_FROUND_CUR_DIRECTION)

#else

static inline v128 v128_i8x16_swizzle(v128 a, v128 b)
{
	u8x16 x = (u8x16)a, at = (u8x16)b;

	for (int i = 0; i < 16; i++)
		at[i] = at[i] < 16 ? x[at[i]] : 0;
	return (v128)at;
}

/* Of bytes: each sum has room in its own bits. */
static inline v128 simde_wasm_i8x16_popcnt(v128 a)
{
	u64x2 x = (u64x2)a;

	x -= x >> 1 & 0x5555555555555555;
	x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
	return (v128)((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f);
}

static inline v128 v128_u16x8_narrow_i32x4(v128 a, v128 b)
{
	s32x4 x = (s32x4)a & ~((s32x4)a >> 31), y = (s32x4)b & ~((s32x4)b >> 31);

	return (v128)((u16x8)_mm_packs_epi32((v128)(x - 0x8000), (v128)(y - 0x8000)) + 0x8000);
}

MUSLIN_V1(simde_wasm_i16x8_extadd_pairwise_i8x16, ((s16x8)a >> 8) + ((s16x8)((u16x8)a << 8) >> 8))
MUSLIN_V1(simde_wasm_u16x8_extadd_pairwise_u8x16, ((u16x8)a >> 8) + ((u16x8)a & 0xff))

static inline v128 simde_wasm_i16x8_q15mulr_sat(v128 a, v128 b)
{
	s16x8 x = (s16x8)a, y = (s16x8)b;

	for (int i = 0; i < 8; i++) {
		int32_t product = (x[i] * y[i] + 0x4000) >> 15;

		x[i] = product > INT16_MAX ? INT16_MAX : product;
	}
	return (v128)x;
}

#define MUSLIN_ROUND(name, f4, f8) \
	static inline v128 simde_wasm_f32x4_##name(v128 a) \
	{ \
		f32x4 x = (f32x4)a; \
		\
		for (int i = 0; i < 4; i++) \
			x[i] = x[i] != x[i] ? x[i] + x[i] : f4(x[i]); \
		return (v128)x; \
	} \
	static inline v128 simde_wasm_f64x2_##name(v128 a) \
	{ \
		f64x2 x = (f64x2)a; \
		\
		for (int i = 0; i < 2; i++) \
			x[i] = x[i] != x[i] ? x[i] + x[i] : f8(x[i]); \
		return (v128)x; \
	}
MUSLIN_ROUND(ceil, __builtin_ceilf, __builtin_ceil)
MUSLIN_ROUND(floor, __builtin_floorf, __builtin_floor)
MUSLIN_ROUND(trunc, __builtin_truncf, __builtin_trunc)
MUSLIN_ROUND(nearest, __builtin_nearbyintf, __builtin_nearbyint)

#endif

#endif
