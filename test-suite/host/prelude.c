/* SPDX-License-Identifier: MIT */
/*
 * The instructions of host/cgen/prelude.h, called as wasm2c's output calls them.
 * Expected values are those of the WebAssembly specification.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MUSLIN_PROGRAM
/* not the kernel's header of this name */
#include <prelude.h>
#include "machine/vcpu.h"
#include "translate/translate.h"

#undef assert
#include <check.h>
#include <setjmp.h>

static u8 *instance;
static wasm_rt_memory_t *mem;
static struct muslin_unwind unwind;
static struct muslin_vcpu vcpu = { .self = &vcpu, .unwind = &unwind };
static jmp_buf trapped;

__attribute__((noreturn))
static void on_trap(void *inst, wasm_rt_trap_t reason, const char *function,
		    const void *pc)
{
	(void)function;
	ck_assert_ptr_nonnull(pc);
	ck_assert_ptr_eq(inst, instance);
	longjmp(trapped, reason);
}

static void *zeroed(void *instance, size_t n)
{
	(void)instance;
	return calloc(1, n);
}

static void discard(void *instance, void *p)
{
	(void)instance;
	free(p);
}

static const struct muslin_rt rt = { on_trap, zeroed, discard };

static void setup(void)
{
	struct muslin_head *head;

	/* 8 GiB and more, of which two pages are memory */
	instance = mmap(NULL, 9ull << 30, PROT_NONE, MAP_PRIVATE |
			MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(instance, MAP_FAILED);
	ck_assert_int_eq(mprotect(instance, 3 << 16, PROT_READ | PROT_WRITE), 0);
	head = muslin_head(instance);
	head->rt = &rt;
	vcpu.instance = instance;
	set_vcpu_register((uintptr_t)&vcpu);
	mem = &head->memory;
	wasm_rt_allocate_memory(mem, 2, 65536, false);
}

static void teardown(void)
{
	munmap(instance, 9ull << 30);
}

/* Does evaluating it trap, with this reason? */
#define ck_traps(reason, expression) do { \
	int trap_ = setjmp(trapped); \
	if (!trap_) { \
		(void)(expression); \
		ck_abort_msg(#expression " does not trap"); \
	} \
	ck_assert_int_eq(trap_, WASM_RT_TRAP_##reason); \
} while (0)

/* Volatile: the compiler does not know what is divided by what. */
static volatile u32 a, b;
static volatile u64 c, d;

static u32 bits(f32 x)
{
	return i32_reinterpret_f32(x);
}

static u64 bits64(f64 x)
{
	return i64_reinterpret_f64(x);
}

START_TEST(integers_divide)
{
	ck_assert_uint_eq(I32_DIV_S((u32)-7, 2u), (u32)-3);
	ck_assert_uint_eq(I32_REM_S((u32)-7, 2u), (u32)-1);
	ck_assert_uint_eq(I32_REM_S(0x80000000u, (u32)-1), 0);
	ck_assert_uint_eq(I64_REM_S(1ull << 63, (u64)-1), 0);
	ck_assert_uint_eq(I64_DIV_S((u64)-7, (u64)-1), 7);
	a = 7;
	b = 0;
	ck_traps(DIV_BY_ZERO, I32_DIV_S(a, b));
	ck_traps(DIV_BY_ZERO, I32_REM_S(a, b));
	ck_traps(DIV_BY_ZERO, DIV_U(a, b));
	ck_traps(DIV_BY_ZERO, REM_U(a, b));
	c = 1ull << 63;
	d = 0;
	ck_traps(DIV_BY_ZERO, I64_DIV_S(c, d));
	ck_traps(DIV_BY_ZERO, I64_REM_S(c, d));
	ck_traps(DIV_BY_ZERO, DIV_U(c, d));
	d = -1;
	ck_traps(INT_OVERFLOW, I64_DIV_S(c, d));
	a = 0x80000000;
	b = -1;
	ck_traps(INT_OVERFLOW, I32_DIV_S(a, b));
}
END_TEST

START_TEST(bits_are_counted_and_rotated)
{
	ck_assert_uint_eq(I32_CLZ(0u), 32);
	ck_assert_uint_eq(I64_CLZ(0ull), 64);
	ck_assert_uint_eq(I32_CTZ(0u), 32);
	ck_assert_uint_eq(I64_CTZ(0ull), 64);
	ck_assert_uint_eq(I32_CLZ(1u), 31);
	ck_assert_uint_eq(I64_CTZ(0x8000000000000000ull), 63);
	ck_assert_uint_eq(I32_POPCNT(0xffffffff), 32);
	ck_assert_uint_eq(I32_POPCNT(0x80000001), 2);
	ck_assert_uint_eq(I64_POPCNT(0xffffffffffffffff), 64);
	ck_assert_uint_eq(I64_POPCNT(0x8000000000000001), 2);
	for (a = 0; a < 70; a++) {
		volatile u32 x = 0x80000001;
		volatile u64 y = 0x8000000000000001;
		u32 n = a & 31, m = a & 63;

		ck_assert_uint_eq(I32_ROTL(x, a), n ? x << n | x >> (32 - n) : x);
		ck_assert_uint_eq(I32_ROTR(x, a), n ? x >> n | x << (32 - n) : x);
		c = a;
		ck_assert_uint_eq(I64_ROTL(y, c), m ? y << m | y >> (64 - m) : y);
		ck_assert_uint_eq(I64_ROTR(y, c), m ? y >> m | y << (64 - m) : y);
	}
}
END_TEST

START_TEST(numbers_are_truncated)
{
	volatile f64 d;
	volatile f32 f;

	ck_assert_uint_eq(I32_TRUNC_S_F64(-2147483648.9), 0x80000000);
	ck_assert_uint_eq(I32_TRUNC_S_F64(2147483647.9), 0x7fffffff);
	ck_assert_uint_eq(I32_TRUNC_U_F64(4294967295.9), 0xffffffff);
	ck_assert_uint_eq(I32_TRUNC_U_F64(-0.9), 0);
	ck_assert_uint_eq(I64_TRUNC_S_F64(-0x1p63), 1ull << 63);
	ck_assert_uint_eq(I64_TRUNC_U_F64(0x1.fffffffffffffp63), 0xfffffffffffff800);
	ck_assert_uint_eq(I32_TRUNC_S_F32(-0x1p31f), 0x80000000);
	ck_assert_uint_eq(I64_TRUNC_U_F32(0x1.fffffep63f), 0xffffff0000000000);
	d = -2147483649.0;
	ck_traps(INT_OVERFLOW, I32_TRUNC_S_F64(d));
	d = 2147483648.0;
	ck_traps(INT_OVERFLOW, I32_TRUNC_S_F64(d));
	d = -1.0;
	ck_traps(INT_OVERFLOW, I32_TRUNC_U_F64(d));
	ck_traps(INT_OVERFLOW, I64_TRUNC_U_F64(d));
	d = 0x1p63;
	ck_traps(INT_OVERFLOW, I64_TRUNC_S_F64(d));
	d = 0x1p64;
	ck_traps(INT_OVERFLOW, I64_TRUNC_U_F64(d));
	d = __builtin_nan("");
	ck_traps(INVALID_CONVERSION, I32_TRUNC_S_F64(d));
	f = 0x1p31f;
	ck_traps(INT_OVERFLOW, I32_TRUNC_S_F32(f));
	f = -0x1.000002p63f;
	ck_traps(INT_OVERFLOW, I64_TRUNC_S_F32(f));
	f = 0x1p32f;
	ck_traps(INT_OVERFLOW, I32_TRUNC_U_F32(f));
	f = __builtin_nanf("");
	ck_traps(INVALID_CONVERSION, I64_TRUNC_U_F32(f));
}
END_TEST

START_TEST(numbers_are_saturated)
{
	f64 nan = __builtin_nan(""), inf = __builtin_inf();

	ck_assert_uint_eq(I32_TRUNC_SAT_S_F64(nan), 0);
	ck_assert_uint_eq(I32_TRUNC_SAT_S_F64(-2147483649.0), 0x80000000);
	ck_assert_uint_eq(I32_TRUNC_SAT_S_F64(2147483648.0), 0x7fffffff);
	ck_assert_uint_eq(I32_TRUNC_SAT_U_F64(-1.0), 0);
	ck_assert_uint_eq(I32_TRUNC_SAT_U_F64(4294967296.0), 0xffffffff);
	ck_assert_uint_eq(I64_TRUNC_SAT_S_F64(-inf), 1ull << 63);
	ck_assert_uint_eq(I64_TRUNC_SAT_S_F64(inf), ~0ull >> 1);
	ck_assert_uint_eq(I64_TRUNC_SAT_U_F64(-inf), 0);
	ck_assert_uint_eq(I64_TRUNC_SAT_U_F64(inf), ~0ull);
	ck_assert_uint_eq(I32_TRUNC_SAT_S_F32((f32)inf), 0x7fffffff);
	ck_assert_uint_eq(I32_TRUNC_SAT_U_F32((f32)nan), 0);
	ck_assert_uint_eq(I64_TRUNC_SAT_S_F32(-0x1p63f), 1ull << 63);
	ck_assert_uint_eq(I64_TRUNC_SAT_U_F32(0x1p64f), ~0ull);
	ck_assert_uint_eq(I32_TRUNC_SAT_S_F64(-1.9), (u32)-1);
}
END_TEST

START_TEST(minimum_and_maximum_know_zeros_and_nans)
{
	f32 nan = f32_reinterpret_i32(0x7fa00000);	/* signalling */

	ck_assert_uint_eq(bits(FMIN(0.0f, -0.0f)), 0x80000000);
	ck_assert_uint_eq(bits(FMIN(-0.0f, 0.0f)), 0x80000000);
	ck_assert_uint_eq(bits(FMAX(0.0f, -0.0f)), 0);
	ck_assert_uint_eq(bits(FMAX(-0.0f, 0.0f)), 0);
	ck_assert_uint_eq(bits64(FMIN(1.0, 2.0)), bits64(1.0));
	ck_assert_uint_eq(bits64(FMAX(1.0, 2.0)), bits64(2.0));
	ck_assert_uint_eq(bits(FMIN(nan, 1.0f)) & 0x7fc00000, 0x7fc00000);
	ck_assert_uint_eq(bits(FMAX(1.0f, nan)) & 0x7fc00000, 0x7fc00000);
}
END_TEST

START_TEST(numbers_are_rounded)
{
	ck_assert_uint_eq(bits64(wasm_nearbyint(2.5)), bits64(2.0));
	ck_assert_uint_eq(bits64(wasm_nearbyint(-0.5)), bits64(-0.0));
	ck_assert_uint_eq(bits64(wasm_nearbyint(0.49999999999999994)), 0);
	ck_assert_uint_eq(bits(wasm_nearbyintf(3.5f)), bits(4.0f));
	ck_assert_uint_eq(bits64(wasm_ceil(-0.1)), bits64(-0.0));
	ck_assert_uint_eq(bits64(wasm_floor(-0.1)), bits64(-1.0));
	ck_assert_uint_eq(bits64(wasm_trunc(-1.9)), bits64(-1.0));
	ck_assert_uint_eq(bits(wasm_sqrtf(-0.0f)), 0x80000000);
	ck_assert_uint_eq(bits(wasm_fabsf(f32_reinterpret_i32(0xffa00001))), 0x7fa00001);
}
END_TEST

START_TEST(conversions_make_nans_quiet)
{
	f32 f = f32_reinterpret_i32(0x7fa00000);
	f64 d = f64_reinterpret_i64(0x7ff4000000000000);

	ck_assert_uint_eq(bits64((f64)wasm_quietf(f)) >> 48 & 0x7ff8, 0x7ff8);
	ck_assert_uint_eq(bits((f32)wasm_quiet(d)) & 0x7fc00000, 0x7fc00000);
	ck_assert_uint_eq(bits((f32)wasm_quiet((f64)wasm_quietf(f))) & 0x400000, 0x400000);
}
END_TEST

START_TEST(memory_is_little_endian_and_unaligned)
{
	i64_store(mem, 1, 0x8877665544332281);
	ck_assert_uint_eq(i32_load8_u(mem, 1), 0x81);
	ck_assert_uint_eq(i32_load8_s(mem, 1), 0xffffff81);
	ck_assert_uint_eq(i64_load8_s(mem, 1), 0xffffffffffffff81);
	ck_assert_uint_eq(i32_load16_u(mem, 7), 0x8877);
	ck_assert_uint_eq(i32_load16_s(mem, 7), 0xffff8877);
	ck_assert_uint_eq(i64_load32_u(mem, 5), 0x88776655);
	ck_assert_uint_eq(i64_load32_s(mem, 5), 0xffffffff88776655);
	ck_assert_uint_eq(i32_load(mem, (u64)1 + 2), 0x66554433);
	i32_store8(mem, 2, 0xabcd);
	i64_store16(mem, 3, 0x12345678);
	ck_assert_uint_eq(i64_load_shared(mem, 1), 0x887766555678cd81);
	/* a signalling NaN stays one */
	i32_store(mem, 3, 0x7fa00001);
	f32_store(mem, 13, f32_load(mem, 3));
	ck_assert_uint_eq(i32_load(mem, 13), 0x7fa00001);
}
END_TEST

START_TEST(memory_does_not_grow)
{
	ck_assert_uint_eq(mem->pages, 2);
	ck_assert_uint_eq(wasm_rt_grow_memory(mem, 0u), 2);
	ck_assert_uint_eq(wasm_rt_grow_memory_shared(mem, 1u), 0xffffffff);
}
END_TEST

START_TEST(ranges_are_filled_and_copied)
{
	static const u8 segment[] = { 1, 2, 3 };

	memory_fill(mem, 10, 0x1ff, 4);
	ck_assert_uint_eq(i64_load(mem, 8), 0x0000ffffffff0000);
	i64_store(mem, 16, 0x0807060504030201);
	memory_copy(mem, mem, 17u, 16u, 8u);
	ck_assert_uint_eq(i64_load(mem, 17), 0x0807060504030201);
	memory_copy(mem, mem, 16u, 17u, 8u);
	ck_assert_uint_eq(i64_load(mem, 16), 0x0807060504030201);
	memory_init(mem, segment, 3u, 100u, 1u, 2u);
	ck_assert_uint_eq(i32_load(mem, 100), 0x0302);
	a = 0xffffffff;
	ck_traps(OOB, ({ memory_init(mem, segment, 3u, 0u, 2u, a); }));
	/* a dropped segment has no bytes */
	ck_traps(OOB, ({ memory_init(mem, segment, 0u, 0u, 0u, 1u); }));
	memory_init(mem, segment, 0u, 0u, 0u, 0u);
}
END_TEST

START_TEST(atomics_return_the_old_value)
{
	i64_store(mem, 0, 0x1122334455667788);
	ck_assert_uint_eq(i32_atomic_rmw_add(mem, 0, 1), 0x55667788);
	ck_assert_uint_eq(i32_atomic_rmw_sub_shared(mem, 0, 2), 0x55667789);
	ck_assert_uint_eq(i32_atomic_rmw8_add_u(mem, 0, 0x1ff), 0x87);
	ck_assert_uint_eq(i64_load(mem, 0), 0x1122334455667786);
	ck_assert_uint_eq(i64_atomic_rmw16_and_u(mem, 2, 0xff00), 0x5566);
	ck_assert_uint_eq(i64_atomic_rmw32_or_u_shared(mem, 4, 0xff), 0x11223344);
	ck_assert_uint_eq(i64_atomic_rmw_xor(mem, 0, ~0ull), 0x112233ff55007786);
	ck_assert_uint_eq(i64_atomic_rmw_xchg(mem, 0, 5), 0xeeddcc00aaff8879);
	ck_assert_uint_eq(i32_atomic_rmw_cmpxchg(mem, 0, 4, 9), 5);
	ck_assert_uint_eq(i32_atomic_load(mem, 0), 5);
	ck_assert_uint_eq(i32_atomic_rmw_cmpxchg_shared(mem, 0, 5, 9), 5);
	ck_assert_uint_eq(i64_atomic_load(mem, 0), 9);
	i64_atomic_store16(mem, 2, 0x12345678);
	ck_assert_uint_eq(i64_atomic_load16_u(mem, 2), 0x5678);
	ck_traps(UNALIGNED, i32_atomic_load(mem, 2));
	ck_traps(UNALIGNED, i64_atomic_rmw_add(mem, 4, 1));
	ck_traps(UNALIGNED, ({ i32_atomic_store16(mem, 1, 0); }));
}
END_TEST

static u32 twice(void *inst, u32 x)
{
	ck_assert_ptr_eq(inst, instance);
	return 2 * x;
}

START_TEST(table_calls_check_types)
{
	static const char type_a[33] = "a", also_a[33] = "a", type_b[33] = "b";
	const wasm_elem_segment_expr_t elements[] = {
		{ RefFunc, type_a, (wasm_rt_function_ptr_t)twice, { NULL }, 0 },
		{ RefNull, NULL, NULL, { NULL }, 0 },
	};
	wasm_rt_funcref_table_t t;

	wasm_rt_allocate_funcref_table(&t, 4, 4);
	funcref_table_init(&t, elements, 2, 1u, 0, 2, instance);
#define CALL(type, i) \
	CALL_INDIRECT(t, u32 (*)(void *, u32), type, i, t.data[i].module_instance, 21)
	ck_assert_uint_eq(CALL(type_a, 1u), 42);
	ck_assert_uint_eq(CALL(also_a, 1u), 42);
	ck_traps(CALL_INDIRECT, CALL(type_b, 1u));
	ck_traps(CALL_INDIRECT, CALL(type_a, 2u));
	ck_traps(CALL_INDIRECT, CALL(type_a, 3u));
	a = 4;
	ck_traps(CALL_INDIRECT, CALL(type_a, a));
	a = 0xffffffff;
	ck_traps(CALL_INDIRECT, CALL(type_a, a));
	ck_traps(OOB, ({ funcref_table_init(&t, elements, 2, 3u, 0, 2, instance); }));
	ck_traps(OOB, ({ funcref_table_init(&t, elements, 2, 0u, 1, 2, instance); }));
	funcref_table_copy(&t, &t, 0u, 1u, 3u);
	ck_assert_uint_eq(CALL(type_a, 0u), 42);
	ck_traps(OOB, ({ funcref_table_copy(&t, &t, 2u, 0u, 3u); }));
	funcref_table_set(&t, 3u, t.data[0]);
	ck_assert_ptr_eq(funcref_table_get(&t, 3u).func_type, type_a);
	ck_traps(OOB, funcref_table_get(&t, 4u).func_type);
	ck_assert_uint_eq(wasm_rt_grow_funcref_table(&t, 1u, t.data[0]), 0xffffffff);
	wasm_rt_free_funcref_table(&t);
}
END_TEST

static const char tag;

static void throw(u32 value)
{
	wasm_rt_load_exception(&tag, sizeof(value), &value);
	wasm_rt_throw();
}

START_TEST(exceptions_are_caught)
{
	WASM_RT_UNWIND_TARGET target;
	u32 value = 0;

	ck_traps(UNCAUGHT_EXCEPTION, ({ throw(1); }));
	if (!wasm_rt_try(target)) {
		wasm_rt_set_unwind_target(&target);
		throw(42);
	}
	ck_assert_ptr_eq(wasm_rt_exception_tag(), &tag);
	ck_assert_uint_eq(wasm_rt_exception_size(), 4);
	memcpy(&value, wasm_rt_exception(), 4);
	ck_assert_uint_eq(value, 42);
}
END_TEST

START_TEST(output_of_an_unknown_wasm2c_is_refused)
{
	static const char text[] =
		"/* Automatically generated by wasm2c */\n"
		"#include <assert.h>\n#include \"x.h\"\n"
		"// Something else.\n";
	FILE *out = fopen("/dev/null", "w");

	ck_assert_int_lt(prelude_filter(text, sizeof(text) - 1, out), 0);
	fclose(out);
}
END_TEST

static void filtered(const char *text, const char *want)
{
	char *got;
	size_t n;
	FILE *out = open_memstream(&got, &n);

	ck_assert_int_eq(prelude_filter(text, strlen(text), out), 0);
	fclose(out);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(locals_survive_longjmp)
{
	static const char text[] =
		"void f(w2c_x* instance, u32 var_p0,\n"
		"    f64 var_p1) {\n"
		"  u32 var_l2 = 0,\n"
		"      var_l3 = 0;\n"
		"  FUNC_PROLOGUE;\n"
		"  u32 var_i0;\n"
		"  if (!wasm_rt_try(x)) {\n"
		"  }\n"
		"}\n"
		"void g(w2c_x* instance, u32 var_p0) {\n"
		"}\n";
	static const char want[] =
		"void f(w2c_x* instance, volatile u32 var_p0,\n"
		"    volatile f64 var_p1) {\n"
		"  volatile u32 var_l2 = 0,\n"
		"      var_l3 = 0;\n"
		"  FUNC_PROLOGUE;\n"
		"  u32 var_i0;\n"
		"  if (!wasm_rt_try(x)) {\n"
		"  }\n"
		"}\n"
		"void g(w2c_x* instance, u32 var_p0) {\n"
		"}\n";

	filtered(text, want);
}
END_TEST

START_TEST(data_is_a_string)
{
	filtered("static const u8 data_segment_data_x[] = {\n"
		 "  0x00, 0x41, 0xff, \n  0x39, \n};\nint x;\n",
		 "static const u8 data_segment_data_x[4] = \"\\000\\101\\377\\071\";\n"
		 "int x;\n");
}
END_TEST

START_TEST(newer_text_becomes_the_older_one)
{
	static const char text[] =
		"static u32 wrap_w2c_x_f1(void *instance, u32 var_0) {\n"
		"  return w2c_x_f1((struct w2c_x*) instance, var_0);\n"
		"}\n"
		"  {RefFunc, w2c_x_t3, (wasm_rt_function_ptr_t)wrap_w2c_x_f1, {NULL}, 0},\n"
		"u32 w2c_x_f1(w2c_x* instance, u32 volatile var_p0) {\n"
		"  f64 volatile var_l1 = 0, volatile var_l2 = 0;\n"
		"  FUNC_PROLOGUE;\n"
		"  u32 var_i0;\n"
		"  uint8_t* const wasm_rt_local_memory_base = NULL;\n"
		"  uint64_t wasm_rt_local_memory_size = 0;\n"
		"  (void)wasm_rt_local_memory_base;\n"
		"  (void)wasm_rt_local_memory_size;\n"
		"  var_i0 = i32_load_default32(wasm_rt_local_memory_base, "
		"wasm_rt_local_memory_size, instance->w2c_env_memory, (u64)(var_i0) + 12u);\n"
		"  i32_store(wasm_rt_local_memory_base, wasm_rt_local_memory_size, "
		"instance->w2c_env_memory, (u64)(var_i0), i32_load_default32("
		"wasm_rt_local_memory_base, wasm_rt_local_memory_size, m, 0));\n"
		"    wasm_rt_local_memory_size = (&instance->w2c_memory)->size;\n"
		"  wasm_rt_allocate_memory(&instance->w2c_memory, 15, 65536, 0, 65536);\n"
		"}\n";
	static const char want[] =
		"  {RefFunc, w2c_x_t3, (wasm_rt_function_ptr_t)w2c_x_f1, {NULL}, 0},\n"
		"u32 w2c_x_f1(w2c_x* instance, u32 var_p0) {\n"
		"  f64 var_l1 = 0, var_l2 = 0;\n"
		"  FUNC_PROLOGUE;\n"
		"  u32 var_i0;\n"
		"  var_i0 = i32_load(instance->w2c_env_memory, (u64)(var_i0) + 12u);\n"
		"  i32_store(instance->w2c_env_memory, (u64)(var_i0), i32_load(m, 0));\n"
		"  wasm_rt_allocate_memory(&instance->w2c_memory, 15, 65536, 0);\n"
		"}\n";

	filtered(text, want);
}
END_TEST

Suite *prelude_suite(void);
Suite *prelude_suite(void)
{
	Suite *suite = suite_create("prelude");
	TCase *tc = tcase_create("prelude");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, integers_divide);
	tcase_add_test(tc, bits_are_counted_and_rotated);
	tcase_add_test(tc, numbers_are_truncated);
	tcase_add_test(tc, numbers_are_saturated);
	tcase_add_test(tc, minimum_and_maximum_know_zeros_and_nans);
	tcase_add_test(tc, numbers_are_rounded);
	tcase_add_test(tc, conversions_make_nans_quiet);
	tcase_add_test(tc, memory_is_little_endian_and_unaligned);
	tcase_add_test(tc, memory_does_not_grow);
	tcase_add_test(tc, ranges_are_filled_and_copied);
	tcase_add_test(tc, atomics_return_the_old_value);
	tcase_add_test(tc, table_calls_check_types);
	tcase_add_test(tc, exceptions_are_caught);
	tcase_add_test(tc, output_of_an_unknown_wasm2c_is_refused);
	tcase_add_test(tc, locals_survive_longjmp);
	tcase_add_test(tc, newer_text_becomes_the_older_one);
	tcase_add_test(tc, data_is_a_string);
	suite_add_tcase(suite, tc);
	return suite;
}
