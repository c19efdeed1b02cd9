/* SPDX-License-Identifier: MIT */
/*
 * Every instruction of SIMD, with every pair of edge values in its lanes, as
 * instructions.c has the others: vectors.h is V8's, and "print" prints it.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wasm_simd128.h>
#define RESULTS "vectors.h"
#include "edges.h"

static const uint8_t i8s[] = {
	0, 1, 2, 3, 7, 8, 0x0f, 0x10, 0x11, 0x1f, 0x3f, 0x40, 0x55, 0x70, 0x71, 0x7e,
	0x7f, 0x80, 0x81, 0x8f, 0x90, 0xaa, 0xc0, 0xfe, 0xff,
};

static const uint16_t i16s[] = {
	0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x1234, 0x3fff, 0x4000, 0x5555, 0x7ffe, 0x7fff, 0x8000,
	0x8001, 0xaaaa, 0xc000, 0xff00, 0xff7f, 0xff80, 0xfffe, 0xffff,
};

typedef union {
	v128_t v;
	uint8_t i8[16];
	uint16_t i16[8];
	i32 i32[4], f32[4];
	i64 i64[2], f64[2];
} lanes;

/* Vector i of those that have all pairs of values: one of each pair in x, one in y. */
#define PAIRS(t) (COUNT(t##s) * COUNT(t##s) * sizeof(*t##s) / 16 + 1)
#define FILLS(t) __attribute__((noinline)) static void fill_##t(size_t i, lanes *x, lanes *y) \
{ \
	for (size_t k = 0; k < COUNT(x->t); k++) { \
		size_t p = i * COUNT(x->t) + k; \
		\
		x->t[k] = t##s[p / COUNT(t##s) % COUNT(t##s)]; \
		y->t[k] = t##s[p % COUNT(t##s)]; \
	} \
}
FILLS(i8)
FILLS(i16)
FILLS(i32)
FILLS(i64)
FILLS(f32)
FILLS(f64)
#define FILL(t, i, x, y) fill_##t(i, &(x), &(y))

/* these and the above are functions, or this is a large program */
#define FUNCTION __attribute__((noinline)) static void

FUNCTION add_i32(lanes l) { add(l.i64[0]); add(l.i64[1]); }

FUNCTION add_f32(lanes l)
{
	for (int i = 0; i < 4; i++)
		add(open32(l.f32[i]));
}

FUNCTION add_f64(lanes l)
{
	add(open64(l.f64[0]));
	add(open64(l.f64[1]));
}

/* how: whether bits of a NaN in it are open */
#define UNARY(name, t, how) do { \
	for (size_t i_ = 0; i_ < PAIRS(t); i_++) { \
		lanes x_, y_, z_; \
		FILL(t, i_, x_, y_); \
		__asm__ volatile("local.get %1\n" name "\nlocal.set %0" : "=r"(z_.v) : "r"(y_.v)); \
		add_##how(z_); \
	} \
	done(name); \
} while (0)

#define BINARY(name, t, how) do { \
	for (size_t i_ = 0; i_ < PAIRS(t); i_++) { \
		lanes x_, y_, z_; \
		FILL(t, i_, x_, y_); \
		__asm__ volatile("local.get %1\nlocal.get %2\n" name "\nlocal.set %0" \
				 : "=r"(z_.v) : "r"(x_.v), "r"(y_.v)); \
		add_##how(z_); \
	} \
	done(name); \
} while (0)

#define BITSELECT(name, t) do { \
	for (size_t i_ = 0; i_ < PAIRS(t); i_++) { \
		lanes x_, y_, z_; \
		FILL(t, i_, x_, y_); \
		__asm__ volatile("local.get %1\nlocal.get %2\nlocal.get %1\ni32.const 3\n" \
				 "i8x16.shl\n" name "\nlocal.set %0" \
				 : "=r"(z_.v) : "r"(x_.v), "r"(y_.v)); \
		add_i32(z_); \
	} \
	done(name); \
} while (0)

#define TEST(name, t) do { \
	i32 n_; \
	for (size_t i_ = 0; i_ < PAIRS(t); i_++) { \
		lanes x_, y_; \
		FILL(t, i_, x_, y_); \
		__asm__ volatile("local.get %1\n" name "\nlocal.set %0" : "=r"(n_) : "r"(x_.v)); \
		add(n_); \
		__asm__ volatile("local.get %1\n" name "\nlocal.set %0" : "=r"(n_) : "r"(y_.v)); \
		add(n_); \
	} \
	__asm__ volatile("local.get %1\n" name "\nlocal.set %0" \
			 : "=r"(n_) : "r"(wasm_i32x4_const(0, 0, 0, 0))); \
	add(n_); \
	done(name); \
} while (0)

#define SHIFT(name, t) do { \
	for (size_t i_ = 0; i_ < PAIRS(t); i_++) for (int n_ = -65; n_ <= 129; n_ += 3) { \
		lanes x_, y_, z_; \
		FILL(t, i_, x_, y_); \
		__asm__ volatile("local.get %1\nlocal.get %2\n" name "\nlocal.set %0" \
				 : "=r"(z_.v) : "r"(y_.v), "r"(n_)); \
		add_i32(z_); \
	} \
	done(name); \
} while (0)

#define SPLAT(name, type, t, how) do { \
	for (size_t i_ = 0; i_ < COUNT_##t; i_++) { \
		lanes z_; \
		__asm__ volatile("local.get %1\n" name "\nlocal.set %0" \
				 : "=r"(z_.v) : "r"(GET_##t(i_))); \
		add_##how(z_); \
	} \
	done(name); \
} while (0)

#define EXTRACT_LANE(name, type, l, t, r, how) do { \
	for (size_t i_ = 0; i_ < PAIRS(t); i_++) { \
		lanes x_, y_; \
		r n_; \
		FILL(t, i_, x_, y_); \
		__asm__ volatile("local.get %1\n" name " " #l "\nlocal.set %0" \
				 : "=r"(n_) : "r"(y_.v)); \
		ADD_##how(n_); \
	} \
} while (0)

#define REPLACE_LANE(name, l, t, r) do { \
	for (size_t i_ = 0; i_ < COUNT_##r; i_++) { \
		lanes x_, y_, z_; \
		FILL(t, i_, x_, y_); \
		__asm__ volatile("local.get %1\nlocal.get %2\n" name " " #l "\nlocal.set %0" \
				 : "=r"(z_.v) : "r"(y_.v), "r"(GET_##r(i_))); \
		add_i32(z_); \
	} \
} while (0)

#define LANES2(F, ...) do { F(0, __VA_ARGS__); F(1, __VA_ARGS__); } while (0)
#define LANES4(F, ...) do { LANES2(F, __VA_ARGS__); F(2, __VA_ARGS__); F(3, __VA_ARGS__); } while (0)
#define LANES8(F, ...) do { LANES4(F, __VA_ARGS__); F(4, __VA_ARGS__); F(5, __VA_ARGS__); \
	F(6, __VA_ARGS__); F(7, __VA_ARGS__); } while (0)
#define LANES16(F, ...) do { LANES8(F, __VA_ARGS__); F(8, __VA_ARGS__); F(9, __VA_ARGS__); \
	F(10, __VA_ARGS__); F(11, __VA_ARGS__); F(12, __VA_ARGS__); F(13, __VA_ARGS__); \
	F(14, __VA_ARGS__); F(15, __VA_ARGS__); } while (0)

#define EXTRACT_(l, name, t, r, how) EXTRACT_LANE(name, , l, t, r, how)
#define EXTRACT(n, name, ...) do { LANES##n(EXTRACT_, name, __VA_ARGS__); done(name); } while (0)
#define REPLACE_(l, name, t, r) REPLACE_LANE(name, l, t, r)
#define REPLACE(n, name, ...) do { LANES##n(REPLACE_, name, __VA_ARGS__); done(name); } while (0)

static void lane_instructions(void)
{
	SPLAT("i8x16.splat", , i32, i32);
	SPLAT("i16x8.splat", , i32, i32);
	SPLAT("i32x4.splat", , i32, i32);
	SPLAT("i64x2.splat", , i64, i32);
	SPLAT("f32x4.splat", , f32, i32);
	SPLAT("f64x2.splat", , f64, i32);
	EXTRACT(16, "i8x16.extract_lane_s", i8, i32, i32);
	EXTRACT(16, "i8x16.extract_lane_u", i8, i32, i32);
	EXTRACT(8, "i16x8.extract_lane_s", i16, i32, i32);
	EXTRACT(8, "i16x8.extract_lane_u", i16, i32, i32);
	EXTRACT(4, "i32x4.extract_lane", i32, i32, i32);
	EXTRACT(2, "i64x2.extract_lane", i64, i64, i64);
	EXTRACT(4, "f32x4.extract_lane", f32, f32, exact32);
	EXTRACT(2, "f64x2.extract_lane", f64, f64, exact64);
	REPLACE(16, "i8x16.replace_lane", i8, i32);
	REPLACE(8, "i16x8.replace_lane", i16, i32);
	REPLACE(4, "i32x4.replace_lane", i32, i32);
	REPLACE(2, "i64x2.replace_lane", i64, i64);
	REPLACE(4, "f32x4.replace_lane", f32, f32);
	REPLACE(2, "f64x2.replace_lane", f64, f64);
	BINARY("i8x16.swizzle", i8, i32);
	BINARY("i8x16.shuffle 0, 17, 2, 31, 16, 15, 8, 8, 1, 30, 3, 28, 5, 4, 7, 22", i8, i32);
	BINARY("i8x16.shuffle 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23", i32, i32);
	BINARY("i8x16.shuffle 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7", i64, i32);
	BINARY("i8x16.shuffle 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18", i8, i32);
}

#define COMPARE(shape, t) do { \
	BINARY(shape ".eq", t, i32); \
	BINARY(shape ".ne", t, i32); \
	BINARY(shape ".lt_s", t, i32); \
	BINARY(shape ".gt_s", t, i32); \
	BINARY(shape ".le_s", t, i32); \
	BINARY(shape ".ge_s", t, i32); \
} while (0)
#define COMPARE_UNSIGNED(shape, t) do { \
	BINARY(shape ".lt_u", t, i32); \
	BINARY(shape ".gt_u", t, i32); \
	BINARY(shape ".le_u", t, i32); \
	BINARY(shape ".ge_u", t, i32); \
	BINARY(shape ".min_s", t, i32); \
	BINARY(shape ".min_u", t, i32); \
	BINARY(shape ".max_s", t, i32); \
	BINARY(shape ".max_u", t, i32); \
} while (0)
#define INTEGER(shape, t) do { \
	UNARY(shape ".abs", t, i32); \
	UNARY(shape ".neg", t, i32); \
	TEST(shape ".all_true", t); \
	TEST(shape ".bitmask", t); \
	SHIFT(shape ".shl", t); \
	SHIFT(shape ".shr_s", t); \
	SHIFT(shape ".shr_u", t); \
	BINARY(shape ".add", t, i32); \
	BINARY(shape ".sub", t, i32); \
	COMPARE(shape, t); \
} while (0)
#define SATURATING(shape, t) do { \
	BINARY(shape ".add_sat_s", t, i32); \
	BINARY(shape ".add_sat_u", t, i32); \
	BINARY(shape ".sub_sat_s", t, i32); \
	BINARY(shape ".sub_sat_u", t, i32); \
	BINARY(shape ".avgr_u", t, i32); \
} while (0)
#define EXTEND(to, from, t) do { \
	UNARY(to ".extend_low_" from "_s", t, i32); \
	UNARY(to ".extend_high_" from "_s", t, i32); \
	UNARY(to ".extend_low_" from "_u", t, i32); \
	UNARY(to ".extend_high_" from "_u", t, i32); \
	BINARY(to ".extmul_low_" from "_s", t, i32); \
	BINARY(to ".extmul_high_" from "_s", t, i32); \
	BINARY(to ".extmul_low_" from "_u", t, i32); \
	BINARY(to ".extmul_high_" from "_u", t, i32); \
} while (0)

static void integers(void)
{
	UNARY("v128.not", i8, i32);
	BINARY("v128.and", i8, i32);
	BINARY("v128.andnot", i8, i32);
	BINARY("v128.or", i8, i32);
	BINARY("v128.xor", i8, i32);
	BITSELECT("v128.bitselect", i8);
	TEST("v128.any_true", i64);
	UNARY("i8x16.popcnt", i8, i32);
	INTEGER("i8x16", i8);
	INTEGER("i16x8", i16);
	INTEGER("i32x4", i32);
	INTEGER("i64x2", i64);
	COMPARE_UNSIGNED("i8x16", i8);
	COMPARE_UNSIGNED("i16x8", i16);
	COMPARE_UNSIGNED("i32x4", i32);
	SATURATING("i8x16", i8);
	SATURATING("i16x8", i16);
	BINARY("i16x8.mul", i16, i32);
	BINARY("i32x4.mul", i32, i32);
	BINARY("i64x2.mul", i64, i32);
	BINARY("i16x8.q15mulr_sat_s", i16, i32);
	BINARY("i32x4.dot_i16x8_s", i16, i32);
	BINARY("i8x16.narrow_i16x8_s", i16, i32);
	BINARY("i8x16.narrow_i16x8_u", i16, i32);
	BINARY("i16x8.narrow_i32x4_s", i32, i32);
	BINARY("i16x8.narrow_i32x4_u", i32, i32);
	EXTEND("i16x8", "i8x16", i8);
	EXTEND("i32x4", "i16x8", i16);
	EXTEND("i64x2", "i32x4", i32);
	UNARY("i16x8.extadd_pairwise_i8x16_s", i8, i32);
	UNARY("i16x8.extadd_pairwise_i8x16_u", i8, i32);
	UNARY("i32x4.extadd_pairwise_i16x8_s", i16, i32);
	UNARY("i32x4.extadd_pairwise_i16x8_u", i16, i32);
}

#define FLOAT(shape, t) do { \
	BINARY(shape ".eq", t, i32); \
	BINARY(shape ".ne", t, i32); \
	BINARY(shape ".lt", t, i32); \
	BINARY(shape ".gt", t, i32); \
	BINARY(shape ".le", t, i32); \
	BINARY(shape ".ge", t, i32); \
	BINARY(shape ".add", t, t); \
	BINARY(shape ".sub", t, t); \
	BINARY(shape ".mul", t, t); \
	BINARY(shape ".div", t, t); \
	BINARY(shape ".min", t, t); \
	BINARY(shape ".max", t, t); \
	BINARY(shape ".pmin", t, i32); \
	BINARY(shape ".pmax", t, i32); \
	UNARY(shape ".abs", t, i32); \
	UNARY(shape ".neg", t, i32); \
	UNARY(shape ".sqrt", t, t); \
	UNARY(shape ".ceil", t, t); \
	UNARY(shape ".floor", t, t); \
	UNARY(shape ".trunc", t, t); \
	UNARY(shape ".nearest", t, t); \
} while (0)

static void floats(void)
{
	FLOAT("f32x4", f32);
	FLOAT("f64x2", f64);
	UNARY("f32x4.demote_f64x2_zero", f64, f32);
	UNARY("f64x2.promote_low_f32x4", f32, f64);
	UNARY("f32x4.convert_i32x4_s", i32, i32);
	UNARY("f32x4.convert_i32x4_u", i32, i32);
	UNARY("f64x2.convert_low_i32x4_s", i32, i32);
	UNARY("f64x2.convert_low_i32x4_u", i32, i32);
	UNARY("i32x4.trunc_sat_f32x4_s", f32, i32);
	UNARY("i32x4.trunc_sat_f32x4_u", f32, i32);
	UNARY("i32x4.trunc_sat_f64x2_s_zero", f64, i32);
	UNARY("i32x4.trunc_sat_f64x2_u_zero", f64, i32);
}

/* --- memory, around where two pages meet --- */

static _Alignas(65536) unsigned char memory[131072];
#define NEAR 64

FUNCTION fill(void)
{
	unsigned char *p = memory + 65536 - NEAR / 2;

	for (int i = 0; i < NEAR; i++)
		p[i] = 0x81 + 37 * i + (i << 5);
}

FUNCTION add_memory(void)
{
	const unsigned char *p = memory + 65536 - NEAR / 2;

	for (int i = 0; i < NEAR; i++)
		add(p[i]);
}

/* n: the address is that much less */
#define LOAD(name, n) do { \
	fill(); \
	for (int i_ = -17; i_ <= 1; i_++) { \
		lanes z_; \
		__asm__ volatile("local.get %1\n" name " " #n ":p2align=0\nlocal.set %0" \
				 : "=r"(z_.v) : "r"(memory + 65536 + i_ - n) : "memory"); \
		add_i32(z_); \
	} \
	done(name); \
} while (0)

#define LOAD_LANE(l, name) do { \
	fill(); \
	for (int i_ = -9; i_ <= 1; i_++) { \
		lanes x_, y_, z_; \
		FILL(i8, (size_t)(i_ + 9), x_, y_); \
		__asm__ volatile("local.get %1\nlocal.get %2\n" name " 8:p2align=0, " #l "\nlocal.set %0" \
				 : "=r"(z_.v) : "r"(memory + 65536 + i_ - 8), "r"(y_.v) : "memory"); \
		add_i32(z_); \
	} \
} while (0)

#define STORE_OF(operands) do { \
	for (int i_ = -17; i_ <= 1; i_++) { \
		lanes x_, y_; \
		FILL(i8, (size_t)(i_ + 17), x_, y_); \
		fill(); \
		__asm__ volatile("local.get %0\nlocal.get %1\n" operands \
				 :: "r"(memory + 65536 + i_ - 3), "r"(y_.v) : "memory"); \
		add_memory(); \
	} \
} while (0)
#define STORE_LANE(l, name) STORE_OF(name " 3:p2align=0, " #l)

static void loads_and_stores(void)
{
	LOAD("v128.load", 0);
	LOAD("i16x8.load8x8_s", 8);
	LOAD("i16x8.load8x8_u", 65000);
	LOAD("i32x4.load16x4_s", 1);
	LOAD("i32x4.load16x4_u", 2);
	LOAD("i64x2.load32x2_s", 3);
	LOAD("i64x2.load32x2_u", 4);
	LOAD("v128.load8_splat", 5);
	LOAD("v128.load16_splat", 6);
	LOAD("v128.load32_splat", 7);
	LOAD("v128.load64_splat", 8);
	LOAD("v128.load32_zero", 9);
	LOAD("v128.load64_zero", 10);
	STORE_OF("v128.store 3:p2align=0");
	done("v128.store");
	LANES16(LOAD_LANE, "v128.load8_lane");
	done("v128.load8_lane");
	LANES8(LOAD_LANE, "v128.load16_lane");
	done("v128.load16_lane");
	LANES4(LOAD_LANE, "v128.load32_lane");
	done("v128.load32_lane");
	LANES2(LOAD_LANE, "v128.load64_lane");
	done("v128.load64_lane");
	LANES16(STORE_LANE, "v128.store8_lane");
	done("v128.store8_lane");
	LANES8(STORE_LANE, "v128.store16_lane");
	done("v128.store16_lane");
	LANES4(STORE_LANE, "v128.store32_lane");
	done("v128.store32_lane");
	LANES2(STORE_LANE, "v128.store64_lane");
	done("v128.store64_lane");
}

/* --- accesses that reach what is not there, in part or as a whole --- */

static sigjmp_buf faulted;
static unsigned char *volatile fault;

static void handler(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	fault = si->si_addr;
	siglongjmp(faulted, 1);
}

#define FAULTS(name, address, ...) do { \
	fault = NULL; \
	if (!sigsetjmp(faulted, 1)) { \
		__asm__ volatile(__VA_ARGS__); \
		t_error("%s: no fault\n", name); \
	} else if (fault != (address)) { \
		t_error("%s: fault at %p instead of %p\n", name, (void *)fault, (void *)(address)); \
	} \
} while (0)

static void faults(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *end = p + page;
	lanes x = { .i8 = { 1 } };

	munmap(end, page);
	sigaction(SIGSEGV, &sa, NULL);
	__asm__ volatile("local.get %0\nlocal.get %1\nv128.store 0:p2align=0"
			 :: "r"(end - 16), "r"(x.v) : "memory");
	t_check(end[-16] == 1);
	FAULTS("v128.load", end, "local.get %0\nv128.load 0:p2align=0\ndrop" :: "r"(end - 15));
	FAULTS("v128.load", end, "local.get %0\nv128.load 16\ndrop" :: "r"(end - 16));
	FAULTS("v128.store", end, "local.get %0\nlocal.get %1\nv128.store 0:p2align=0"
	       :: "r"(end - 1), "r"(x.v) : "memory");
	FAULTS("v128.load64_lane", end, "local.get %0\nlocal.get %1\nv128.load64_lane 0:p2align=0, 1\ndrop"
	       :: "r"(end - 7), "r"(x.v));
	FAULTS("v128.store8_lane", end, "local.get %0\nlocal.get %1\nv128.store8_lane 1, 15"
	       :: "r"(end - 1), "r"(x.v) : "memory");
	FAULTS("i16x8.load8x8_s", end, "local.get %0\ni16x8.load8x8_s 0:p2align=0\ndrop" :: "r"(end - 4));
	/* address and offset are 33 bits together */
	FAULTS("v128.store", (unsigned char *)-2, "i32.const -1\nlocal.get %0\nv128.store 0xffffffff:p2align=0"
	       :: "r"(x.v) : "memory");
	FAULTS("v128.load", NULL, "i32.const 0\nv128.load 0\ndrop" :);
}

int main(int argc, char **argv)
{
	int v8 = argc > 1 && !strcmp(argv[1], "v8");

	print = argc > 1 && !strcmp(argv[1], "print");
	sum = 0xcbf29ce484222325;
	lane_instructions();
	integers();
	floats();
	loads_and_stores();
	if (!v8 && !print)
		faults();
	if (!print && results < 100000)
		t_error("only %lu results\n", results);
	return t_status;
}
