/* SPDX-License-Identifier: MIT */
/*
 * Every numeric and memory instruction, with every pair of edge values.
 *
 * The results of an instruction, in order, make one number, which
 * instructions.h has as V8 computed it; abi/instructions-v8 has V8 compute it
 * again.  "print" prints that table anew.  Where the specification leaves a
 * NaN's bits open, the result only has to be some quiet NaN.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define RESULTS "instructions.h"
#include "edges.h"

/* --- numeric instructions --- */

#define UNARY(name, r, how, t) do { \
	for (size_t i_ = 0; i_ < COUNT_##t; i_++) { \
		t x_ = GET_##t(i_); \
		r y_; \
		__asm__ volatile("local.get %1\n" name "\nlocal.set %0" : "=r"(y_) : "r"(x_)); \
		ADD_##how(y_); \
	} \
	done(name); \
} while (0)

/* skip: what traps; x_ and y_ are its operands */
#define BINARY_BUT(name, r, t, skip) do { \
	for (size_t i_ = 0; i_ < COUNT_##t; i_++) for (size_t j_ = 0; j_ < COUNT_##t; j_++) { \
		t x_ = GET_##t(i_), y_ = GET_##t(j_); \
		r z_; \
		if (skip) \
			continue; \
		__asm__ volatile("local.get %1\nlocal.get %2\n" name "\nlocal.set %0" \
				 : "=r"(z_) : "r"(x_), "r"(y_)); \
		ADD_##r(z_); \
	} \
	done(name); \
} while (0)
#define BINARY(name, r, t) BINARY_BUT(name, r, t, 0)

/* low and high: the numbers next to those that can be converted */
#define TRUNC(name, r, t, low, high) do { \
	for (size_t i_ = 0; i_ < COUNT_##t; i_++) { \
		t x_ = GET_##t(i_); \
		r y_; \
		if (!(x_ > (low) && x_ < (high))) \
			continue; \
		__asm__ volatile("local.get %1\n" name "\nlocal.set %0" : "=r"(y_) : "r"(x_)); \
		ADD_##r(y_); \
	} \
	done(name); \
} while (0)

#define INTEGERS(t, min, bits) do { \
	UNARY(#t ".eqz", i32, i32, t); \
	UNARY(#t ".clz", t, t, t); \
	UNARY(#t ".ctz", t, t, t); \
	UNARY(#t ".popcnt", t, t, t); \
	UNARY(#t ".extend8_s", t, t, t); \
	UNARY(#t ".extend16_s", t, t, t); \
	BINARY(#t ".eq", i32, t); \
	BINARY(#t ".ne", i32, t); \
	BINARY(#t ".lt_s", i32, t); \
	BINARY(#t ".lt_u", i32, t); \
	BINARY(#t ".gt_s", i32, t); \
	BINARY(#t ".gt_u", i32, t); \
	BINARY(#t ".le_s", i32, t); \
	BINARY(#t ".le_u", i32, t); \
	BINARY(#t ".ge_s", i32, t); \
	BINARY(#t ".ge_u", i32, t); \
	BINARY(#t ".add", t, t); \
	BINARY(#t ".sub", t, t); \
	BINARY(#t ".mul", t, t); \
	BINARY_BUT(#t ".div_s", t, t, !y_ || (x_ == (min) && y_ == (t)-1)); \
	BINARY_BUT(#t ".div_u", t, t, !y_); \
	BINARY_BUT(#t ".rem_s", t, t, !y_); \
	BINARY_BUT(#t ".rem_u", t, t, !y_); \
	BINARY(#t ".and", t, t); \
	BINARY(#t ".or", t, t); \
	BINARY(#t ".xor", t, t); \
	BINARY(#t ".shl", t, t); \
	BINARY(#t ".shr_s", t, t); \
	BINARY(#t ".shr_u", t, t); \
	BINARY(#t ".rotl", t, t); \
	BINARY(#t ".rotr", t, t); \
	UNARY("f32.convert_" #t "_s", f32, f32, t); \
	UNARY("f32.convert_" #t "_u", f32, f32, t); \
	UNARY("f64.convert_" #t "_s", f64, f64, t); \
	UNARY("f64.convert_" #t "_u", f64, f64, t); \
	UNARY("f" #bits ".reinterpret_" #t, f##bits, exact##bits, t); \
} while (0)

#define FLOATS(t, bits) do { \
	BINARY(#t ".eq", i32, t); \
	BINARY(#t ".ne", i32, t); \
	BINARY(#t ".lt", i32, t); \
	BINARY(#t ".gt", i32, t); \
	BINARY(#t ".le", i32, t); \
	BINARY(#t ".ge", i32, t); \
	UNARY(#t ".abs", t, exact##bits, t); \
	UNARY(#t ".neg", t, exact##bits, t); \
	UNARY(#t ".ceil", t, t, t); \
	UNARY(#t ".floor", t, t, t); \
	UNARY(#t ".trunc", t, t, t); \
	UNARY(#t ".nearest", t, t, t); \
	UNARY(#t ".sqrt", t, t, t); \
	BINARY(#t ".add", t, t); \
	BINARY(#t ".sub", t, t); \
	BINARY(#t ".mul", t, t); \
	BINARY(#t ".div", t, t); \
	BINARY(#t ".min", t, t); \
	BINARY(#t ".max", t, t); \
	BINARY(#t ".copysign", t, t); \
	TRUNC("i32.trunc_" #t "_s", i32, t, bits == 32 ? -0x1.000002p31 : -0x1.00000002p31, 0x1p31); \
	TRUNC("i32.trunc_" #t "_u", i32, t, -1, 0x1p32); \
	TRUNC("i64.trunc_" #t "_s", i64, t, \
	      bits == 32 ? -0x1.000002p63 : -0x1.0000000000001p63, 0x1p63); \
	TRUNC("i64.trunc_" #t "_u", i64, t, -1, 0x1p64); \
	UNARY("i32.trunc_sat_" #t "_s", i32, i32, t); \
	UNARY("i32.trunc_sat_" #t "_u", i32, i32, t); \
	UNARY("i64.trunc_sat_" #t "_s", i64, i64, t); \
	UNARY("i64.trunc_sat_" #t "_u", i64, i64, t); \
	UNARY("i" #bits ".reinterpret_" #t, i##bits, i##bits, t); \
} while (0)

static void numeric(void)
{
	INTEGERS(i32, 1u << 31, 32);
	INTEGERS(i64, 1ull << 63, 64);
	UNARY("i64.extend32_s", i64, i64, i64);
	UNARY("i32.wrap_i64", i32, i32, i64);
	UNARY("i64.extend_i32_s", i64, i64, i32);
	UNARY("i64.extend_i32_u", i64, i64, i32);
	FLOATS(f32, 32);
	FLOATS(f64, 64);
	UNARY("f32.demote_f64", f32, f32, f64);
	UNARY("f64.promote_f32", f64, f64, f32);
}

/* --- memory --- */

/* Bytes of two pages: accesses lie around where they meet. */
static _Alignas(65536) unsigned char memory[131072];
#define NEAR 64

static void fill(void)
{
	unsigned char *p = memory + 65536 - NEAR / 2;
	int i;

	for (i = 0; i < NEAR; i++)
		p[i] = 0x81 + 37 * i + (i << 5);
}

static void add_memory(void)
{
	const unsigned char *p = memory + 65536 - NEAR / 2;
	int i;

	for (i = 0; i < NEAR; i++)
		add(p[i]);
}

/* i: every place that may be half in one page; n: the address is that much less */
#define LOAD(name, align, r, how, n) do { \
	fill(); \
	for (int i_ = -9; i_ <= 1; i_++) { \
		r y_; \
		__asm__ volatile("local.get %1\n" name " " #n ":p2align=" #align "\nlocal.set %0" \
				 : "=r"(y_) : "r"(memory + 65536 + i_ - n) : "memory"); \
		ADD_##how(y_); \
	} \
	done(name); \
} while (0)

#define STORE(name, align, t, n) do { \
	for (int i_ = -9; i_ <= 1; i_++) for (size_t j_ = 0; j_ < COUNT_##t; j_ += 3) { \
		t x_ = GET_##t(j_); \
		fill(); \
		__asm__ volatile("local.get %0\nlocal.get %1\n" name " " #n ":p2align=" #align \
				 :: "r"(memory + 65536 + i_ - n), "r"(x_) : "memory"); \
		add_memory(); \
	} \
	done(name); \
} while (0)

static void loads_and_stores(void)
{
	LOAD("i32.load", 0, i32, i32, 0);
	LOAD("i64.load", 0, i64, i64, 8);
	LOAD("f32.load", 0, f32, exact32, 65000);
	LOAD("f64.load", 0, f64, exact64, 1);
	LOAD("i32.load8_s", 0, i32, i32, 3);
	LOAD("i32.load8_u", 0, i32, i32, 4);
	LOAD("i32.load16_s", 0, i32, i32, 5);
	LOAD("i32.load16_u", 1, i32, i32, 6);
	LOAD("i64.load8_s", 0, i64, i64, 7);
	LOAD("i64.load8_u", 0, i64, i64, 8);
	LOAD("i64.load16_s", 0, i64, i64, 9);
	LOAD("i64.load16_u", 1, i64, i64, 10);
	LOAD("i64.load32_s", 0, i64, i64, 11);
	LOAD("i64.load32_u", 2, i64, i64, 12);
	STORE("i32.store", 0, i32, 0);
	STORE("i64.store", 3, i64, 1);
	STORE("f32.store", 0, f32, 2);
	STORE("f64.store", 0, f64, 3);
	STORE("i32.store8", 0, i32, 4);
	STORE("i32.store16", 0, i32, 5);
	STORE("i64.store8", 0, i64, 6);
	STORE("i64.store16", 0, i64, 65000);
	STORE("i64.store32", 0, i64, 7);
}

/* size bytes, at each aligned place of eight */
#define ATOMIC_LOAD(name, align, t) do { \
	fill(); \
	for (int i_ = 0; i_ < 8; i_ += 1 << align) { \
		t y_; \
		__asm__ volatile("local.get %1\n" name " 8:p2align=" #align "\nlocal.set %0" \
				 : "=r"(y_) : "r"(memory + 65536 + i_ - 8) : "memory"); \
		ADD_##t(y_); \
	} \
	done(name); \
} while (0)

#define ATOMIC_STORE(name, align, t) do { \
	for (int i_ = 0; i_ < 8; i_ += 1 << align) for (size_t j_ = 0; j_ < COUNT_##t; j_++) { \
		fill(); \
		__asm__ volatile("local.get %0\nlocal.get %1\n" name " 0:p2align=" #align \
				 :: "r"(memory + 65536 + i_), "r"(GET_##t(j_)) : "memory"); \
		add_memory(); \
	} \
	done(name); \
} while (0)

#define RMW(name, align, t) do { \
	for (int i_ = 0; i_ < 8; i_ += 1 << align) for (size_t j_ = 0; j_ < COUNT_##t; j_++) { \
		t y_; \
		fill(); \
		__asm__ volatile("local.get %1\nlocal.get %2\n" name " 0\nlocal.set %0" \
				 : "=r"(y_) \
				 : "r"(memory + 65536 + i_), "r"(GET_##t(j_)) : "memory"); \
		ADD_##t(y_); \
		add_memory(); \
	} \
	done(name); \
} while (0)

/* expecting what is there, what is there but for bits above, and something else */
#define CMPXCHG(name, align, t) do { \
	for (int i_ = 0; i_ < 8; i_ += 1 << align) for (int k_ = 0; k_ < 3; k_++) { \
		t there_ = 0, y_; \
		fill(); \
		memcpy(&there_, memory + 65536 + i_, 1 << align); \
		if (k_ == 1 && 1 << align < (int)sizeof(t)) \
			there_ |= (t)1 << (8 << align) % (8 * sizeof(t)); \
		there_ += k_ == 2; \
		__asm__ volatile("local.get %1\nlocal.get %2\nlocal.get %3\n" name \
				 " 0\nlocal.set %0" : "=r"(y_) \
				 : "r"(memory + 65536 + i_), "r"(there_), \
				   "r"((t)0x1122334455667788) : "memory"); \
		ADD_##t(y_); \
		add_memory(); \
	} \
	done(name); \
} while (0)

#define RMWS(op) do { \
	RMW("i32.atomic.rmw8." op "_u", 0, i32); \
	RMW("i32.atomic.rmw16." op "_u", 1, i32); \
	RMW("i32.atomic.rmw." op, 2, i32); \
	RMW("i64.atomic.rmw8." op "_u", 0, i64); \
	RMW("i64.atomic.rmw16." op "_u", 1, i64); \
	RMW("i64.atomic.rmw32." op "_u", 2, i64); \
	RMW("i64.atomic.rmw." op, 3, i64); \
} while (0)

static void atomics(void)
{
	i32 woken = 1;

	ATOMIC_LOAD("i32.atomic.load8_u", 0, i32);
	ATOMIC_LOAD("i32.atomic.load16_u", 1, i32);
	ATOMIC_LOAD("i32.atomic.load", 2, i32);
	ATOMIC_LOAD("i64.atomic.load8_u", 0, i64);
	ATOMIC_LOAD("i64.atomic.load16_u", 1, i64);
	ATOMIC_LOAD("i64.atomic.load32_u", 2, i64);
	ATOMIC_LOAD("i64.atomic.load", 3, i64);
	ATOMIC_STORE("i32.atomic.store8", 0, i32);
	ATOMIC_STORE("i32.atomic.store16", 1, i32);
	ATOMIC_STORE("i32.atomic.store", 2, i32);
	ATOMIC_STORE("i64.atomic.store8", 0, i64);
	ATOMIC_STORE("i64.atomic.store16", 1, i64);
	ATOMIC_STORE("i64.atomic.store32", 2, i64);
	ATOMIC_STORE("i64.atomic.store", 3, i64);
	RMWS("add");
	RMWS("sub");
	RMWS("and");
	RMWS("or");
	RMWS("xor");
	RMWS("xchg");
	CMPXCHG("i32.atomic.rmw8.cmpxchg_u", 0, i32);
	CMPXCHG("i32.atomic.rmw16.cmpxchg_u", 1, i32);
	CMPXCHG("i32.atomic.rmw.cmpxchg", 2, i32);
	CMPXCHG("i64.atomic.rmw8.cmpxchg_u", 0, i64);
	CMPXCHG("i64.atomic.rmw16.cmpxchg_u", 1, i64);
	CMPXCHG("i64.atomic.rmw32.cmpxchg_u", 2, i64);
	CMPXCHG("i64.atomic.rmw.cmpxchg", 3, i64);
	__asm__ volatile("atomic.fence" ::: "memory");
	__asm__ volatile("local.get %1\ni32.const 5\nmemory.atomic.notify 0\nlocal.set %0"
			 : "=r"(woken) : "r"(memory) : "memory");
	t_check(woken == 0);
}

static void bulk(void)
{
	static const unsigned lengths[] = { 0, 1, 7, 8, 9, 31, 32, 33 };
	unsigned char *at = memory + 65536 - 10;
	size_t i;
	int d, s;

	for (i = 0; i < COUNT(lengths); i++) for (d = -20; d <= 20; d += 4) {
		for (s = -20; s <= 20; s += 5) {
			fill();
			__asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\n"
					 "memory.copy 0, 0" :: "r"(at + d), "r"(at + s),
					 "r"(lengths[i]) : "memory");
			add_memory();
		}
	}
	done("memory.copy");
	for (i = 0; i < COUNT(lengths); i++) for (d = -20; d <= 20; d++) {
		fill();
		__asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.fill 0"
				 :: "r"(at + d), "r"(0x1200 + d), "r"(lengths[i]) : "memory");
		add_memory();
	}
	done("memory.fill");
}

/* doc/abi.md: the memory is as large as can be, and does not grow */
static void size_and_growth(void)
{
	i32 n;

	__asm__ volatile("memory.size 0\nlocal.set %0" : "=r"(n));
	t_check(n == 65536);
	__asm__ volatile("i32.const 0\nmemory.grow 0\nlocal.set %0" : "=r"(n));
	t_check(n == 65536);
	__asm__ volatile("i32.const 1\nmemory.grow 0\nlocal.set %0" : "=r"(n));
	t_check(n == (i32)-1);
}

/* --- traps: the signals that doc/abi.md says --- */

static sigjmp_buf trapped;
static volatile int got_signal, got_code;

static void handler(int sig, siginfo_t *si, void *context)
{
	(void)context;
	got_signal = sig;
	got_code = si->si_code;
	siglongjmp(trapped, 1);
}

static void want(const char *name, int sig, int code)
{
	if (got_signal != sig || got_code != code)
		t_error("%s: signal %d, code %d instead of %d, %d\n", name, got_signal,
			got_code, sig, code);
}

#define TRAPS(sig, code, name, ...) do { \
	got_signal = got_code = 0; \
	if (!sigsetjmp(trapped, 1)) \
		__asm__ volatile(__VA_ARGS__); \
	want(name, sig, code); \
} while (0)

#define BINARY_TRAPS(name, t, x, y, code) \
	TRAPS(SIGFPE, code, name, "local.get %0\nlocal.get %1\n" name "\ndrop" \
	      :: "r"((t)(x)), "r"((t)(y)))

#define DIVISION_TRAPS(t, min) do { \
	BINARY_TRAPS(#t ".div_s", t, 1, 0, FPE_INTDIV); \
	BINARY_TRAPS(#t ".div_u", t, 1, 0, FPE_INTDIV); \
	BINARY_TRAPS(#t ".rem_s", t, 1, 0, FPE_INTDIV); \
	BINARY_TRAPS(#t ".rem_u", t, min, 0, FPE_INTDIV); \
	BINARY_TRAPS(#t ".div_s", t, min, -1, FPE_INTOVF); \
} while (0)

/* whatever is not between low and high */
#define TRUNC_TRAPS(name, t, low, high) do { \
	for (size_t i_ = 0; i_ < COUNT_##t; i_++) { \
		t x_ = GET_##t(i_); \
		if (x_ > (low) && x_ < (high)) \
			continue; \
		TRAPS(SIGFPE, x_ != x_ ? FPE_FLTINV : FPE_INTOVF, name, \
		      "local.get %0\n" name "\ndrop" :: "r"(x_)); \
	} \
} while (0)

#define CONVERSION_TRAPS(t, bits) do { \
	TRUNC_TRAPS("i32.trunc_" #t "_s", t, \
		    bits == 32 ? -0x1.000002p31 : -0x1.00000002p31, 0x1p31); \
	TRUNC_TRAPS("i32.trunc_" #t "_u", t, -1, 0x1p32); \
	TRUNC_TRAPS("i64.trunc_" #t "_s", t, \
		    bits == 32 ? -0x1.000002p63 : -0x1.0000000000001p63, 0x1p63); \
	TRUNC_TRAPS("i64.trunc_" #t "_u", t, -1, 0x1p64); \
} while (0)

/* n: a place that is too odd for it; operands and rest as it takes and leaves them */
#define UNALIGNED(name, n, operands, rest) \
	TRAPS(SIGBUS, BUS_ADRALN, name, "local.get %0\n" operands name " 0" rest \
	      :: "r"(memory + n) : "memory")
#define UNALIGNED_RMWS(op, a32, a64) do { \
	UNALIGNED("i32.atomic.rmw16." op "_u", 3, a32, "\ndrop"); \
	UNALIGNED("i32.atomic.rmw." op, 2, a32, "\ndrop"); \
	UNALIGNED("i64.atomic.rmw16." op "_u", 1, a64, "\ndrop"); \
	UNALIGNED("i64.atomic.rmw32." op "_u", 6, a64, "\ndrop"); \
	UNALIGNED("i64.atomic.rmw." op, 4, a64, "\ndrop"); \
} while (0)

static void unaligned_atomics(void)
{
	UNALIGNED("i32.atomic.load16_u", 1, "", "\ndrop");
	UNALIGNED("i32.atomic.load", 2, "", "\ndrop");
	UNALIGNED("i64.atomic.load16_u", 1, "", "\ndrop");
	UNALIGNED("i64.atomic.load32_u", 2, "", "\ndrop");
	UNALIGNED("i64.atomic.load", 4, "", "\ndrop");
	UNALIGNED("i32.atomic.store16", 1, "i32.const 0\n", "");
	UNALIGNED("i32.atomic.store", 2, "i32.const 0\n", "");
	UNALIGNED("i64.atomic.store16", 1, "i64.const 0\n", "");
	UNALIGNED("i64.atomic.store32", 2, "i64.const 0\n", "");
	UNALIGNED("i64.atomic.store", 4, "i64.const 0\n", "");
	UNALIGNED_RMWS("add", "i32.const 1\n", "i64.const 1\n");
	UNALIGNED_RMWS("sub", "i32.const 1\n", "i64.const 1\n");
	UNALIGNED_RMWS("and", "i32.const 1\n", "i64.const 1\n");
	UNALIGNED_RMWS("or", "i32.const 1\n", "i64.const 1\n");
	UNALIGNED_RMWS("xor", "i32.const 1\n", "i64.const 1\n");
	UNALIGNED_RMWS("xchg", "i32.const 1\n", "i64.const 1\n");
	UNALIGNED_RMWS("cmpxchg", "i32.const 1\ni32.const 2\n",
		       "i64.const 1\ni64.const 2\n");
}

static void traps(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGFPE, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	DIVISION_TRAPS(i32, 1u << 31);
	DIVISION_TRAPS(i64, 1ull << 63);
	CONVERSION_TRAPS(f32, 32);
	CONVERSION_TRAPS(f64, 64);
	TRAPS(SIGILL, ILL_ILLOPC, "unreachable", "unreachable");
	TRAPS(SIGSEGV, SEGV_MAPERR, "i32.load", "i32.const 0\ni32.load 0\ndrop");
	TRAPS(SIGSEGV, SEGV_MAPERR, "i64.load", "i32.const -1\ni64.load 0\ndrop");
	/* address and offset are 33 bits together */
	TRAPS(SIGSEGV, SEGV_MAPERR, "i32.store8",
	      "i32.const -1\ni32.const 0\ni32.store8 0xffffffff");
	unaligned_atomics();
}

int main(int argc, char **argv)
{
	int v8 = argc > 1 && !strcmp(argv[1], "v8");

	print = argc > 1 && !strcmp(argv[1], "print");
	sum = 0xcbf29ce484222325;
	numeric();
	loads_and_stores();
	atomics();
	bulk();
	if (!v8 && !print) {
		size_and_growth();
		traps();
	}
	if (print)
		fprintf(stderr, "%lu results\n", results);
	return t_status;
}
