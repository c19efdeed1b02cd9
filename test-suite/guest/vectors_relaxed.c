// SPDX-License-Identifier: MIT
// Relaxed SIMD, where its results are not left open; where they are, one of those.
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <wasm_simd128.h>
#include "test.h"

typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef int16_t i16x8 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef float f32x4 __attribute__((vector_size(16)));
typedef double f64x2 __attribute__((vector_size(16)));

/* the compiler knows none of them */
#define HIDE(v) __asm__ volatile("" : "+r"(v))

static void same(const char *what, v128_t is, v128_t want)
{
	uint32_t x[4], y[4];

	memcpy(x, &is, 16);
	memcpy(y, &want, 16);
	if (memcmp(x, y, 16))
		t_error("%s: %08x %08x %08x %08x, not %08x %08x %08x %08x\n", what,
			x[3], x[2], x[1], x[0], y[3], y[2], y[1], y[0]);
}

static v128_t bytes(unsigned int from, unsigned int step)
{
	i8x16 v;

	for (int i = 0; i < 16; i++)
		v[i] = from + i * step;
	return (v128_t)v;
}

static void one_instruction(void)
{
	v128_t a = bytes(1, 37), b = bytes(0, 1), m = wasm_i64x2_make(-1, 0), z = wasm_i64x2_splat(0);
	v128_t f = wasm_f32x4_make(1.5f, -2.5f, 3e9f, 0), g = wasm_f32x4_make(1.25f, -2.75f, -1, 7);
	v128_t d = wasm_f64x2_make(-3.75, 4.5), e = wasm_f64x2_make(-3.5, 4);
	v128_t h = wasm_i16x8_make(-32768, 32767, -1, 5, 0x1234, -32767, 300, -300);
	v128_t k = wasm_i16x8_make(32767, 32767, 0x0f10, -1, 0x1002, 2, -7, 5);

	HIDE(a); HIDE(b); HIDE(m); HIDE(f); HIDE(g); HIDE(d); HIDE(e); HIDE(h); HIDE(k);
	same("swizzle", wasm_i8x16_relaxed_swizzle(a, b), a);
	same("trunc_f32x4_s", wasm_i32x4_relaxed_trunc_f32x4(g), wasm_i32x4_make(1, -2, -1, 7));
	same("trunc_f32x4_u", wasm_u32x4_relaxed_trunc_f32x4(wasm_f32x4_abs(f)),
	     wasm_u32x4_make(1, 2, 3000000000, 0));
	same("trunc_f64x2_s", wasm_i32x4_relaxed_trunc_f64x2_zero(d), wasm_i32x4_make(-3, 4, 0, 0));
	same("trunc_f64x2_u", wasm_u32x4_relaxed_trunc_f64x2_zero(wasm_f64x2_abs(d)),
	     wasm_i32x4_make(3, 4, 0, 0));
	same("laneselect 8", wasm_i8x16_relaxed_laneselect(a, z, m), wasm_v128_and(a, m));
	same("laneselect 16", wasm_i16x8_relaxed_laneselect(a, z, m), wasm_v128_and(a, m));
	same("laneselect 32", wasm_i32x4_relaxed_laneselect(z, a, m), wasm_v128_andnot(a, m));
	same("laneselect 64", wasm_i64x2_relaxed_laneselect(z, a, m), wasm_v128_andnot(a, m));
	same("min f32", wasm_f32x4_relaxed_min(f, g), wasm_f32x4_make(1.25f, -2.75f, -1, 0));
	same("max f32", wasm_f32x4_relaxed_max(f, g), wasm_f32x4_make(1.5f, -2.5f, 3e9f, 7));
	same("min f64", wasm_f64x2_relaxed_min(d, e), wasm_f64x2_make(-3.75, 4));
	same("max f64", wasm_f64x2_relaxed_max(d, e), wasm_f64x2_make(-3.5, 4.5));
	same("q15mulr", wasm_i16x8_relaxed_q15mulr(h, k), wasm_i16x8_q15mulr_sat(h, k));
}

/* Both have the variables of a function with parameters, and without. */
__attribute__((noinline)) static v128_t madds(v128_t a, v128_t b, v128_t c, int n)
{
	for (int i = 0; i < n; i++) {
		c = wasm_f32x4_relaxed_madd(a, b, c);
		if (i % 3 == 2)
			c = wasm_f32x4_relaxed_nmadd(b, a, c);
	}
	return c;
}

static void products(void)
{
	v128_t a = wasm_f32x4_make(1, 2, -3, 0.5f), b = wasm_f32x4_make(4, -5, 6, 8);
	v128_t c = wasm_f32x4_make(100, 200, 300, 400), d = wasm_f64x2_make(3, -7);
	f64x2 e;

	HIDE(a); HIDE(b); HIDE(c); HIDE(d);
	same("madd f32", wasm_f32x4_relaxed_madd(a, b, c), wasm_f32x4_make(104, 190, 282, 404));
	same("nmadd f32", wasm_f32x4_relaxed_nmadd(a, b, c), wasm_f32x4_make(96, 210, 318, 396));
	same("madd f64", wasm_f64x2_relaxed_madd(d, d, d), wasm_f64x2_make(12, 42));
	same("nmadd f64", wasm_f64x2_relaxed_nmadd(d, d, d), wasm_f64x2_make(-6, -56));
	same("madds", madds(a, b, c, 10), wasm_f32x4_make(128, 130, 174, 428));
	/* rounded once or twice */
	d = wasm_f64x2_splat(1 + 0x1p-40);
	HIDE(d);
	e = (f64x2)wasm_f64x2_relaxed_nmadd(d, d, wasm_f64x2_splat(1));
	if (e[0] != -0x1p-39 && e[0] != fma(-(1 + 0x1p-40), 1 + 0x1p-40, 1))
		t_error("nmadd: %a\n", e[0]);
}

static void dots(void)
{
	v128_t a = bytes(-128, 16), b = bytes(127, -8), c = wasm_i32x4_make(1, -2, 1000000, 7);
	i8x16 x = (i8x16)a, y;
	i16x8 want;
	i32x4 sums;

	b = wasm_v128_and(b, wasm_i8x16_splat(127));
	y = (i8x16)b;
	for (int i = 0; i < 8; i++)
		want[i] = x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1];
	for (int i = 0; i < 4; i++)
		sums[i] = ((i32x4)c)[i] + want[2 * i] + want[2 * i + 1];
	HIDE(a); HIDE(b); HIDE(c);
	same("dot", wasm_i16x8_relaxed_dot_i8x16_i7x16(a, b), (v128_t)want);
	same("dot, add", wasm_i32x4_relaxed_dot_i8x16_i7x16_add(a, b, c), (v128_t)sums);
}

int main(void)
{
	one_instruction();
	products();
	dots();
	return t_status;
}
