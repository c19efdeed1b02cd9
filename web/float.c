/* SPDX-License-Identifier: MIT */
/*
 * The floating-point environment of programs that use <fenv.h>: WebAssembly rounds
 * to nearest and raises nothing, so each of their operations that minds it is a
 * call of this.  Part of glue.wasm: no data, and no stack in memory.
 */
#include "layout.h"

typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(#name)))

/* bits/fenv.h, as those of SHARED->fenv */
enum { INVALID = 1, DIVBYZERO = 4, OVERFLOW = 8, UNDERFLOW = 16, INEXACT = 32 };
enum { NEAREST, DOWN = 0x400, UP = 0x800, ZERO = 0xc00, MODES = 0xc00 };

/* how: the instruction for double precision, whichever the precision is */
enum { OP_NEAREST = 0x9e, OP_SQRT, OP_ADD, OP_SUB, OP_MUL, OP_DIV };

#define SIGN (1ull << 63)
#define INFINITY_BITS (0x7ffull << 52)
#define QUIET (1ull << 51)

static u64 bits(double v) { return __builtin_bit_cast(u64, v); }
static double of_bits(u64 v) { return __builtin_bit_cast(double, v); }
static double magnitude(double v) { return __builtin_fabs(v); }
static u32 is_finite(double v) { return magnitude(v) < __builtin_inf(); }

static u32 mode(void) { return SHARED->fenv & MODES; }
static void raise(u32 what) { SHARED->fenv |= what; }

static double with_sign(u64 sign, double v) { return of_bits(bits(v) | sign); }

/* 2 to the power of k, from -1074 on */
static double power(int k)
{
	return of_bits(k >= -1022 ? (u64)(k + 1023) << 52 : 1ull << (k + 1074));
}

static u64 shift_right(u64 m, u32 n)
{
	return n > 63 ? m != 0 : n ? m >> n | (m << (64 - n) != 0) : m;
}

static u32 goes_up(u64 sign, u64 m, u32 drop)
{
	u64 rest = m & ((1ull << drop) - 1), half = 1ull << (drop - 1);

	switch (mode()) {
	case NEAREST: return rest > half || (rest == half && m >> drop & 1);
	case UP: return !sign && rest;
	case DOWN: return sign && rest;
	}
	return 0;
}

static double too_large(u64 sign, u32 single)
{
	u32 m = mode(), away = m == NEAREST || m == (sign ? DOWN : UP);

	raise(OVERFLOW | INEXACT);
	return with_sign(sign, away ? __builtin_inf() : single ? 0x1.fffffep127 : 0x1.fffffffffffffp1023);
}

/* m * 2^(e - 63), with m's first bit set; its last one says if anything was left out. */
static double rounded(u64 sign, int e, u64 m, u32 single)
{
	int precision = single ? 24 : 53, least = single ? -126 : -1022, most = single ? 127 : 1023;
	u32 drop = 64 - precision, tiny = 0, inexact;

	if (e < least) {	/* as the processor: after it is rounded, with any exponent */
		tiny = e < least - 1 || (m >> drop) + goes_up(sign, m, drop) < 1ull << precision;
		m = shift_right(m, least - e);
		e = least;
	}
	inexact = (m & ((1ull << drop) - 1)) != 0;
	m = (m >> drop) + goes_up(sign, m, drop);
	if (m >> precision) {
		m >>= 1;
		e++;
	}
	if (e > most)
		return too_large(sign, single);
	if (inexact)
		raise(tiny ? UNDERFLOW | INEXACT : INEXACT);
	return with_sign(sign, m * power(e - precision + 1));
}

/* Of what is finite and not 0: the first bit, and all, that one in the highest place. */
static int exponent(double v)
{
	u64 b = bits(v) & ~SIGN;

	return b >> 52 ? (int)(b >> 52) - 1023 : -1011 - __builtin_clzll(b);
}

static u64 mantissa(double v)
{
	u64 b = bits(v) & ~SIGN;

	return b >> 52 ? b << 11 | SIGN : b << __builtin_clzll(b);
}

static double sum(double a, double b, u32 single)
{
	double t;
	u64 x, y;
	int e;

	if (a == -b)
		return a || bits(a) != bits(b) ? mode() == DOWN ? -0. : 0. : a;
	if (!a || !b) {
		a = a ? a : b;
		return rounded(bits(a) & SIGN, exponent(a), mantissa(a), single);
	}
	if (magnitude(a) < magnitude(b)) {
		t = a;
		a = b;
		b = t;
	}
	e = exponent(a);
	x = mantissa(a) >> 2;
	y = shift_right(mantissa(b) >> 2, e - exponent(b));
	x = (bits(a) ^ bits(b)) & SIGN ? x - y : x + y;
	return rounded(bits(a) & SIGN, e + 2 - __builtin_clzll(x), x << __builtin_clzll(x), single);
}

static double product(u64 sign, double a, double b, u32 single)
{
	u64 x = mantissa(a), y = mantissa(b), x1 = x >> 32, y1 = y >> 32, low, middle, high;
	int e = exponent(a) + exponent(b) + 1;

	x &= ~0u;
	y &= ~0u;
	low = x * y;
	middle = x1 * y + (low >> 32);
	high = x1 * y1 + (middle >> 32);
	middle = x * y1 + (u32)middle;
	high += middle >> 32;
	low = middle << 32 | (u32)low;
	if (!(high & SIGN)) {
		high = high << 1 | low >> 63;
		low <<= 1;
		e--;
	}
	return rounded(sign, e, high | (low != 0), single);
}

static double quotient(u64 sign, double a, double b, u32 single)
{
	u64 x = mantissa(a) >> 11, y = mantissa(b) >> 11, q = 0;
	int e = exponent(a) - exponent(b), i;

	if (x < y) {
		x <<= 1;
		e--;
	}
	for (i = 0; i < 60; i++, x <<= 1) {
		q <<= 1;
		if (x >= y) {
			x -= y;
			q |= 1;
		}
	}
	return rounded(sign, e, q << 4 | (x != 0), single);
}

static double root(double a, u32 single)
{
	int e = exponent(a), i;
	u64 m = e & 1 ? mantissa(a) : mantissa(a) >> 1, rest = 0, r = 0, next;

	for (i = 0; i < 58; i++, m <<= 2) {
		rest = rest << 2 | m >> 62;
		next = r << 2 | 1;
		r <<= 1;
		if (rest >= next) {
			rest -= next;
			r |= 1;
		}
	}
	return rounded(0, e >> 1, r << 6 | (rest != 0), single);
}

static double to_integer(double v)
{
	switch (mode()) {
	case DOWN: return __builtin_floor(v);
	case UP: return __builtin_ceil(v);
	case ZERO: return __builtin_trunc(v);
	}
	return __builtin_rint(v);
}

static double by_hardware(double a, double b, u32 how)
{
	switch (how) {
	case OP_SQRT: return __builtin_sqrt(a);
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	}
	return a / b;
}

static u32 signals(double v)
{
	return v != v && !(bits(v) & QUIET);
}

/* No number, or no finite one: then what the engine says is right. */
static double special(double a, double b, u32 how)
{
	double r = by_hardware(a, b, how);

	if ((r != r && a == a && b == b) || signals(a) || signals(b))
		raise(INVALID);
	else if (how == OP_DIV && !b && is_finite(a) && a == a)
		raise(DIVBYZERO);
	return r;
}

static double operate(double a, double b, u32 how, u32 single)
{
	u64 sign = (bits(a) ^ bits(b)) & SIGN;

	if (how == OP_NEAREST)
		return to_integer(a);
	if (!is_finite(a) || !is_finite(b) || (how == OP_DIV && !b) || (how == OP_SQRT && a < 0))
		return special(a, b, how);
	switch (how) {
	case OP_ADD: return sum(a, b, single);
	case OP_SUB: return sum(a, -b, single);
	case OP_SQRT: return a ? root(a, single) : a;
	}
	if (!a || !b)
		return with_sign(sign, 0);
	return how == OP_MUL ? product(sign, a, b, single) : quotient(sign, a, b, single);
}

/* To nearest, and it could only raise what has been raised. */
static u32 is_plain(double r, double least, double most)
{
	return (SHARED->fenv & (MODES | INEXACT)) == INEXACT && magnitude(r) > least && magnitude(r) < most;
}

EXPORT(float64) double float64(double a, double b, u32 how)
{
	double r;

	if (how != OP_NEAREST) {
		r = by_hardware(a, b, how);
		if (is_plain(r, 0x1p-1022, 0x1p1023))
			return r;
	}
	return operate(a, b, how, 0);
}

EXPORT(float32) float float32(float a, float b, u32 how)
{
	return operate(a, b, how, 1);
}

EXPORT(demote) float demote(double v)
{
	if (!v || !is_finite(v)) {
		if (signals(v))
			raise(INVALID);
		return v;
	}
	return rounded(bits(v) & SIGN, exponent(v), mantissa(v), 1);
}

/* how: 1: unsigned; 2: to single precision */
EXPORT(convert) double convert(u64 v, u32 how)
{
	u64 sign = how & 1 ? 0 : v & SIGN;

	if (sign)
		v = -v;
	if (!v)
		return 0;
	return rounded(sign, 63 - __builtin_clzll(v), v << __builtin_clzll(v), how >> 1);
}

/* A number becomes an integer; how: 1: unsigned; 2: of 64 bits */
EXPORT(truncates) void truncates(double v, u32 how)
{
	double t = __builtin_trunc(v), limit = how & 2 ? 0x1p63 : 0x1p31;

	if (how & 1 ? !(t >= 0 && t < 2 * limit) : !(t >= -limit && t < limit))
		raise(INVALID);
	else if (t != v)
		raise(INEXACT);
}
