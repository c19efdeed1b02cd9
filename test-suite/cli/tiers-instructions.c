/* SPDX-License-Identifier: MIT */
/*
 * Prints one line for each instruction: a hash of its results for all of
 * some values.  A trap is a result, too.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const uint32_t v32[] = {
	0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 127, 128, 255, 256, 32767, 32768,
	65535, 65536, 0x12345678, 0x7fffffff, 0x80000000, 0x80000001,
	0xfffffffe, 0xffffffff,
	/* as f32: halves, limits of integers, denormals, infinities, NaNs */
	0x3f000000, 0x3f800000, 0xbf800000, 0x3fc00000, 0x40200000, 0xc0200000,
	0x3effffff, 0x3f7fffff, 0xbf7fffff, 0x4b7fffff, 0x4b000001, 0x4effffff,
	0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5effffff,
	0x5f000000, 0xdf000000, 0x5f7fffff, 0x5f800000, 0x00800000, 0x007fffff,
	0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
	0x7f800001, 0xff812345, 0x7fe54321, 0x33800000, 0x34000001,
};

static const uint64_t v64[] = {
	0, 1, 2, 7, 31, 32, 63, 64, 65, 127, 128, 255, 32768, 65536,
	0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x123456789abcdef0,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001,
	0xfffffffffffffffe, 0xffffffffffffffff, 0xfffffffffffffbff,
	0xfffffffffffffc00, 0x8000000000000401, 0x8000008000000001,
	0x7fffff4000000001, 0x20000000000001, 0x40000000000001,
	/* as f64 */
	0x3fe0000000000000, 0x3ff0000000000000, 0xbff0000000000000,
	0x3ff8000000000000, 0x4004000000000000, 0xc004000000000000,
	0x3fdfffffffffffff, 0x3fefffffffffffff, 0xbfefffffffffffff,
	0x432fffffffffffff, 0x4330000000000001, 0x41dfffffffc00000,
	0x41dfffffffffffff, 0x41e0000000000000, 0xc1e0000000000000,
	0xc1e0000000200000, 0xc1e00000001fffff, 0x41efffffffe00000,
	0x41f0000000000000, 0x43dfffffffffffff, 0x43e0000000000000,
	0xc3e0000000000000, 0xc3e0000000000001, 0x43efffffffffffff,
	0x43f0000000000000, 0x0010000000000000, 0x000fffffffffffff,
	0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
	0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001,
	0xfff0123456789abc, 0x36a0000000000000, 0x3690000000000001,
	0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
	0x3ff0000010000000, 0x3ff0000010000001, 0x3ff0000030000000,
};

#define N32 (sizeof v32 / sizeof *v32)
#define N64 (sizeof v64 / sizeof *v64)

static uint64_t hash;

static void add(uint64_t x)
{
	hash = (hash ^ x) * 0x9e3779b97f4a7c15;
	hash ^= hash >> 29;
}

static void done(const char *name)
{
	printf("%s %016llx\n", name, (unsigned long long)hash);
	hash = 0;
}

static sigjmp_buf trapped;

static void on_trap(int sig, siginfo_t *si, void *context)
{
	siglongjmp(trapped, sig << 8 | (si->si_code & 255));
}

typedef uint32_t i32;
typedef uint64_t i64;
typedef float f32;
typedef double f64;

static i32 to_i32(uint64_t x) { return x; }
static i64 to_i64(uint64_t x) { return x; }
static f32 to_f32(uint64_t x) { f32 f; uint32_t y = x; memcpy(&f, &y, 4); return f; }
static f64 to_f64(uint64_t x) { f64 f; memcpy(&f, &x, 8); return f; }
static uint64_t of_i32(i32 x) { return x; }
static uint64_t of_i64(i64 x) { return x; }
static uint64_t of_f32(f32 x) { uint32_t y; memcpy(&y, &x, 4); return y; }
static uint64_t of_f64(f64 x) { uint64_t y; memcpy(&y, &x, 8); return y; }

/* Which NaN arithmetic gives, only sometimes matters. */
static uint64_t any_nan(uint64_t x, int is_f32)
{
	if (is_f32)
		return (x & 0x7fffffff) > 0x7f800000 ? 1 : x;
	return (x & INT64_MAX) > 0x7ff0000000000000 ? 1 : x;
}

/* --- an instruction is a function of I and J, which sets result --- */

static volatile size_t I, J;
static uint64_t result;

#define COUNT(t) (sizeof(t) == 4 ? N32 : N64)
#define VALUE(t, i) to_##t(sizeof(t) == 4 ? v32[i] : v64[i])

/* with one operand, and with two */
#define U(r, t, prefix, op) \
	static void u_##prefix##_##op(void) \
	{ \
		r x; \
		__asm__ volatile("local.get %1\n" #prefix "." #op "\nlocal.set %0" \
				 : "=r"(x) : "r"(VALUE(t, I))); \
		result = of_##r(x); \
	}
#define B_(r, t, op, filter) \
	static void b_##t##_##op(void) \
	{ \
		r x; \
		__asm__ volatile("local.get %1\nlocal.get %2\n" #t "." #op "\nlocal.set %0" \
				 : "=r"(x) : "r"(VALUE(t, I)), "r"(VALUE(t, J))); \
		result = filter(of_##r(x), sizeof(r) == 4); \
	}
#define SAME(x, is_f32) (x)
#define B(r, t, op) B_(r, t, op, SAME)
#define F(r, t, op) B_(r, t, op, any_nan)

static char memory[64];

static void fill(void)
{
	for (int i = 0; i < 64; i++)
		memory[i] = i * 37 + 11;
}

static void hash_memory(void)
{
	result = 0;
	for (int i = 0; i < 64; i++)
		result = result * 0x9e3779b97f4a7c15 + memory[i];
}

/* access to memory: loads and stores, at any address, and atomic ones */
#define L(t, op) \
	static void l_##t##_##op(void) \
	{ \
		t x; \
		fill(); \
		__asm__ volatile("local.get %1\n" #t "." #op " 1\nlocal.set %0" \
				 : "=r"(x) : "r"(memory + I % 50)); \
		result = of_##t(x); \
	}
#define S(t, op) \
	static void s_##t##_##op(void) \
	{ \
		fill(); \
		__asm__ volatile("local.get %0\nlocal.get %1\n" #t "." #op " 3" \
				 : : "r"(memory + I % 50), "r"(VALUE(t, I)) : "memory"); \
		hash_memory(); \
	}
#define AL(t, op) \
	static void al_##t##_##op(void) \
	{ \
		t x; \
		fill(); \
		__asm__ volatile("local.get %1\n" #t ".atomic." #op " 0\nlocal.set %0" \
				 : "=r"(x) : "r"(memory + I % 24)); \
		result = of_##t(x); \
	}
#define AS(t, op) \
	static void as_##t##_##op(void) \
	{ \
		fill(); \
		__asm__ volatile("local.get %0\nlocal.get %1\n" #t ".atomic." #op " 0" \
				 : : "r"(memory + I % 24), "r"(VALUE(t, I)) : "memory"); \
		hash_memory(); \
	}
#define R(t, size, op, u) \
	static void r_##t##_##size##_##op(void) \
	{ \
		t x; \
		fill(); \
		__asm__ volatile("local.get %1\nlocal.get %2\n" \
				 #t ".atomic.rmw" #size "." #op #u " 0\nlocal.set %0" \
				 : "=r"(x) : "r"(memory + I % 24), "r"(VALUE(t, I)) : "memory"); \
		hash_memory(); \
		result ^= of_##t(x); \
	}
/* what is there is the expected value, every second time */
#define X(t, size, bits, u) \
	static void x_##t##_##size(void) \
	{ \
		t x, expected = 0; \
		fill(); \
		memcpy(&expected, memory + I % 24, bits / 8); \
		expected += I & 1; \
		__asm__ volatile("local.get %1\nlocal.get %2\nlocal.get %3\n" \
				 #t ".atomic.rmw" #size ".cmpxchg" #u " 0\nlocal.set %0" \
				 : "=r"(x) : "r"(memory + I % 24), "r"(expected), \
				   "r"(VALUE(t, I)) : "memory"); \
		hash_memory(); \
		result ^= of_##t(x); \
	}

#define INTEGERS(t) \
	B(t, t, add) B(t, t, sub) B(t, t, mul) B(t, t, div_s) B(t, t, div_u) \
	B(t, t, rem_s) B(t, t, rem_u) B(t, t, and) B(t, t, or) B(t, t, xor) \
	B(t, t, shl) B(t, t, shr_s) B(t, t, shr_u) B(t, t, rotl) B(t, t, rotr) \
	B(i32, t, eq) B(i32, t, ne) B(i32, t, lt_s) B(i32, t, lt_u) B(i32, t, gt_s) \
	B(i32, t, gt_u) B(i32, t, le_s) B(i32, t, le_u) B(i32, t, ge_s) B(i32, t, ge_u) \
	U(t, t, t, clz) U(t, t, t, ctz) U(t, t, t, popcnt) U(i32, t, t, eqz) \
	U(t, t, t, extend8_s) U(t, t, t, extend16_s) \
	U(t, f32, t, trunc_f32_s) U(t, f32, t, trunc_f32_u) \
	U(t, f64, t, trunc_f64_s) U(t, f64, t, trunc_f64_u) \
	U(t, f32, t, trunc_sat_f32_s) U(t, f32, t, trunc_sat_f32_u) \
	U(t, f64, t, trunc_sat_f64_s) U(t, f64, t, trunc_sat_f64_u) \
	L(t, load) L(t, load8_s) L(t, load8_u) L(t, load16_s) L(t, load16_u) \
	S(t, store) S(t, store8) S(t, store16) \
	AL(t, load) AL(t, load8_u) AL(t, load16_u) \
	AS(t, store) AS(t, store8) AS(t, store16) \
	RMW(t, , ) RMW(t, 8, _u) RMW(t, 16, _u) X(t, 8, 8, _u) X(t, 16, 16, _u)
#define RMW(t, size, u) \
	R(t, size, add, u) R(t, size, sub, u) R(t, size, and, u) R(t, size, or, u) \
	R(t, size, xor, u) R(t, size, xchg, u)
#define FLOATS(t) \
	F(t, t, add) F(t, t, sub) F(t, t, mul) F(t, t, div) F(t, t, min) F(t, t, max) \
	B(t, t, copysign) B(i32, t, eq) B(i32, t, ne) B(i32, t, lt) B(i32, t, gt) \
	B(i32, t, le) B(i32, t, ge) U(t, t, t, abs) U(t, t, t, neg) U(t, t, t, sqrt) \
	U(t, t, t, ceil) U(t, t, t, floor) U(t, t, t, trunc) U(t, t, t, nearest) \
	U(t, i32, t, convert_i32_s) U(t, i32, t, convert_i32_u) \
	U(t, i64, t, convert_i64_s) U(t, i64, t, convert_i64_u) \
	L(t, load) S(t, store)
#define ALL \
	INTEGERS(i32) INTEGERS(i64) FLOATS(f32) FLOATS(f64) \
	U(i64, i64, i64, extend32_s) U(i32, i64, i32, wrap_i64) \
	U(i64, i32, i64, extend_i32_s) U(i64, i32, i64, extend_i32_u) \
	U(f32, f64, f32, demote_f64) U(f64, f32, f64, promote_f32) \
	U(i32, f32, i32, reinterpret_f32) U(f32, i32, f32, reinterpret_i32) \
	U(i64, f64, i64, reinterpret_f64) U(f64, i64, f64, reinterpret_i64) \
	L(i64, load32_s) L(i64, load32_u) S(i64, store32) AL(i64, load32_u) \
	AS(i64, store32) RMW(i64, 32, _u) X(i64, 32, 32, _u) \
	X(i32, , 32, ) X(i64, , 64, )

ALL

#undef U
#undef B
#undef F
#undef L
#undef S
#undef AL
#undef AS
#undef R
#undef X
#define U(r, t, prefix, op) { #prefix "." #op, u_##prefix##_##op, COUNT(t), 1 },
#define B(r, t, op) { #t "." #op, b_##t##_##op, COUNT(t), COUNT(t) },
#define F(r, t, op) B(r, t, op)
#define L(t, op) { #t "." #op, l_##t##_##op, 50, 1 },
#define S(t, op) { #t "." #op, s_##t##_##op, COUNT(t), 1 },
#define AL(t, op) { #t ".atomic." #op, al_##t##_##op, COUNT(t), 1 },
#define AS(t, op) { #t ".atomic." #op, as_##t##_##op, COUNT(t), 1 },
#define R(t, size, op, u) \
	{ #t ".atomic.rmw" #size "." #op #u, r_##t##_##size##_##op, COUNT(t), 1 },
#define X(t, size, bits, u) \
	{ #t ".atomic.rmw" #size ".cmpxchg" #u, x_##t##_##size, COUNT(t), 1 },

static const struct {
	const char *name;
	void (*fn)(void);
	size_t ni, nj;
} instructions[] = { ALL };

static void evaluate(void (*fn)(void), size_t ni, size_t nj)
{
	for (I = 0; I < ni; I++)
		for (J = 0; J < nj; J++) {
			int trap = sigsetjmp(trapped, 1);

			if (trap) {
				add(trap);
				continue;
			}
			fn();
			add(result);
		}
}

static void bulk(void)
{
	for (int i = 0; i < 40; i++) {
		fill();
		__asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.copy 0, 0"
				 : : "r"(memory + i % 7), "r"(memory + i % 11), "r"(i)
				 : "memory");
		hash_memory();
		add(result);
		__asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.fill 0"
				 : : "r"(memory + i % 13), "r"(i * 1000), "r"(i)
				 : "memory");
		hash_memory();
		add(result);
	}
	done("memory");
}

#define CONSTANT(r, text) do { \
	r x; \
	__asm__ volatile(#r ".const " text "\nlocal.set %0" : "=r"(x)); \
	add(of_##r(x)); \
} while (0)

static void constants(void)
{
	CONSTANT(f32, "0x1.99999ap-4"); CONSTANT(f32, "-0x1p-149");
	CONSTANT(f32, "-0x0p0"); CONSTANT(f32, "0x1.fffffep127");
	CONSTANT(f32, "0x1p-126"); CONSTANT(f32, "0x1.555556p-2");
	CONSTANT(f32, "infinity"); CONSTANT(f32, "-infinity"); CONSTANT(f32, "nan");
	CONSTANT(f64, "0x1.999999999999ap-4"); CONSTANT(f64, "-0x1p-1074");
	CONSTANT(f64, "-0x0p0"); CONSTANT(f64, "0x1.fffffffffffffp1023");
	CONSTANT(f64, "0x1p-1022"); CONSTANT(f64, "0x1.5555555555555p-2");
	CONSTANT(f64, "infinity"); CONSTANT(f64, "-infinity"); CONSTANT(f64, "nan");
	CONSTANT(i32, "-2147483648"); CONSTANT(i64, "-9223372036854775808");
	done("constants");
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	size_t i;

	sigaction(SIGFPE, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	for (i = 0; i < sizeof instructions / sizeof *instructions; i++) {
		evaluate(instructions[i].fn, instructions[i].ni, instructions[i].nj);
		done(instructions[i].name);
	}
	bulk();
	constants();
	return 0;
}
