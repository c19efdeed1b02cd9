/* SPDX-License-Identifier: MIT */
/*
 * Edge values, and what all results of an instruction are compared with: a number
 * made of them, which V8 has computed.  RESULTS is the header with these.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "test.h"

typedef uint32_t i32;
typedef uint64_t i64;
typedef float f32;
typedef double f64;

static const i32 i32s[] = {
	0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x100, 0x7fff,
	0x8000, 0xffff, 0x10000, 0x12345678, 0x55555555, 0x7ffffffe, 0x7fffffff,
	0x80000000, 0x80000001, 0x89abcdef, 0xaaaaaaaa, 0xffff0000, 0xffff7fff,
	0xffff8000, 0xffffff7f, 0xffffff80, 0xfffffffe, 0xffffffff,
};

static const i64 i64s[] = {
	0, 1, 2, 3, 7, 31, 32, 63, 64, 65, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
	0x80000000, 0xffffffff, 0x100000000, 0x123456789abcdef0, 0x5555555555555555,
	0x001fffffffffffff, 0x0020000000000001, 0x7ffffffffffffbff, 0x7ffffffffffffc00,
	0x7ffffffffffffffe, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001,
	0x8000000000000400, 0xaaaaaaaaaaaaaaaa, 0xfedcba9876543210, 0xfffffffffffff7ff,
	0xfffffffffffffc00, 0xffffffff00000000, 0xffffffff7fffffff, 0xffffffff80000000,
	0xffffffffffff7fff, 0xffffffffffff8000, 0xffffffffffffff80, 0xfffffffffffffffe,
	0xffffffffffffffff, 0x0000008000000001, 0x0000008000000000, 0xffffff7fffffffff,
};

/* bits, since NaNs are among them */
static const i32 f32s[] = {
	0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x80800000, 0x3effffff,
	0x3f000000, 0xbf000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0xbf800000, 0xbf7fffff,
	0x3fc00000, 0x40000000, 0x40200000, 0xc0200000, 0x40490fdb, 0x41200000, 0x4a800001,
	0x4affffff, 0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, 0x4effffff, 0x4f000000,
	0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0xdf000000,
	0xdf000001, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
	0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fa00000, 0xffa12345, 0x7f800001, 0x1e3ce508,
};

static const i64 f64s[] = {
	0, 0x8000000000000000, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000,
	0x3690000000000000, 0x36a0000000000000, 0x36a0000000000001, 0x380fffffe0000000,
	0x3810000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000, 0xbfe0000000000000,
	0x3fe0000000000001, 0x3fefffffffffffff, 0xbfefffffffffffff, 0x3ff0000000000000,
	0xbff0000000000000, 0x3ff0000010000000, 0x3ff0000010000001, 0x3ff0000030000000,
	0x3ff8000000000000, 0x4000000000000000, 0x4004000000000000, 0xc004000000000000,
	0x400921fb54442d18, 0x4024000000000000, 0x41dfffffffc00000, 0x41dfffffffe00000,
	0x41e0000000000000, 0xc1e0000000000000, 0xc1e00000001fffff, 0xc1e0000000200000,
	0x41efffffffe00000, 0x41effffffff00000, 0x41f0000000000000, 0x432fffffffffffff,
	0x4330000000000000, 0x4330000000000001, 0x433fffffffffffff, 0x4340000000000000,
	0x43dfffffffffffff, 0x43e0000000000000, 0xc3e0000000000000, 0xc3e0000000000001,
	0x43efffffffffffff, 0x43f0000000000000, 0x47efffffe0000000, 0x47efffffefffffff,
	0x47effffff0000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000,
	0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000000000001,
	0x7ff4000000000000, 0xfff0000000000001, 0x1ff0000000000000, 0x2000000000000000,
};

#define COUNT(a) (sizeof (a) / sizeof *(a))
#define COUNT_i32 COUNT(i32s)
#define COUNT_i64 COUNT(i64s)
#define COUNT_f32 COUNT(f32s)
#define COUNT_f64 COUNT(f64s)

static f32 to_f32(i32 x) { f32 f; memcpy(&f, &x, 4); return f; }
static f64 to_f64(i64 x) { f64 f; memcpy(&f, &x, 8); return f; }
#define GET_i32(i) i32s[i]
#define GET_i64(i) i64s[i]
#define GET_f32(i) to_f32(f32s[i])
#define GET_f64(i) to_f64(f64s[i])

/* --- results --- */

static i64 sum;
static unsigned long results;

__attribute__((noinline)) static void add(i64 x)
{
	int i;

	for (i = 0; i < 8; i++, x >>= 8)
		sum = (sum ^ (x & 0xff)) * 0x100000001b3;
	results++;
}

/* any quiet NaN is as good as another */
static i32 open32(i32 x)
{
	return (x & 0x7fffffff) > 0x7f800000 ? x & 0x7fc00000 : x;
}

static i64 open64(i64 x)
{
	return (x & 0x7fffffffffffffff) > 0x7ff0000000000000 ? x & 0x7ff8000000000000 : x;
}

static i32 bits32(f32 f) { i32 x; memcpy(&x, &f, 4); return x; }
static i64 bits64(f64 f) { i64 x; memcpy(&x, &f, 8); return x; }
#define ADD_i32(x) add(x)
#define ADD_i64(x) add(x)
#define ADD_f32(x) add(open32(bits32(x)))
#define ADD_f64(x) add(open64(bits64(x)))
/* where its bits are what the specification says */
#define ADD_exact32(x) add(bits32(x))
#define ADD_exact64(x) add(bits64(x))

static const struct expected {
	const char *name;
	i64 sum;
} expected[] = {
#include RESULTS
};

static int print;

__attribute__((noinline)) static void done(const char *name)
{
	size_t i;

	if (print) {
		printf("{ \"%s\", 0x%016llx },\n", name, (unsigned long long)sum);
	} else {
		for (i = 0; i < COUNT(expected) && strcmp(expected[i].name, name); i++)
			;
		if (i == COUNT(expected))
			t_error("%s is not in the table\n", name);
		else if (expected[i].sum != sum)
			t_error("%s: 0x%016llx instead of 0x%016llx\n", name,
				(unsigned long long)sum, (unsigned long long)expected[i].sum);
	}
	sum = 0xcbf29ce484222325;
}
