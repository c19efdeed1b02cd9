/* SPDX-License-Identifier: MIT */
/*
 * What the quick tier's code can call, made of prelude.h and with the options
 * of the optimized tier.  Nothing else of this process is known to that code
 * by name.
 */
/* Raised for all programs: those that do not look for it do not see it. */
#define MUSLIN_INVALID() ({ volatile float zero_ = 0; zero_ /= zero_; })

/* All of this is called by what wasm2c wrote. */
#define MUSLIN_TRAP_FOR(reason) MUSLIN_TRAP_OF_CALLER(reason)

#define MUSLIN_PROGRAM
#include "cgen/prelude.h"
#include "loader/quick.h"

#define quick_negf(x) (-(x))
#define quick_neg(x) (-(x))
#define quick_minf(x, y) FMIN(x, y)
#define quick_min(x, y) FMIN(x, y)
#define quick_maxf(x, y) FMAX(x, y)
#define quick_max(x, y) FMAX(x, y)
#define quick_islessf(x, y) __builtin_isless(x, y)
#define quick_isless(x, y) __builtin_isless(x, y)
#define quick_isgreaterf(x, y) __builtin_isgreater(x, y)
#define quick_isgreater(x, y) __builtin_isgreater(x, y)
#define quick_islessequalf(x, y) __builtin_islessequal(x, y)
#define quick_islessequal(x, y) __builtin_islessequal(x, y)
#define quick_isgreaterequalf(x, y) __builtin_isgreaterequal(x, y)
#define quick_isgreaterequal(x, y) __builtin_isgreaterequal(x, y)
#define __floatundisf(x) ((f32)(x))
#define __floatundidf(x) ((f64)(x))

#define OP1(name, r, t) \
	static r quick_op_##name(t x) { return name(x); }
#define OP2(name, r, t) \
	static r quick_op_##name(t x, t y) { return name(x, y); }
#define TRAP1(name, r, t) \
	static r quick_op_##name(void *instance, t x) { return name(x); }
#define TRAP2(name, r, t) \
	static r quick_op_##name(void *instance, t x, t y) { return name(x, y); }
#define LOAD(name, t)
#define STORE(name, t)
#define RMW(name, t)
#define CMPXCHG(name, t)
#include "cgen/quick-ops.h"

static void quick_trap(void *instance, wasm_rt_trap_t reason)
{
	MUSLIN_TRAP_FOR(reason);
}

static void quick_fence(void)
{
	atomic_fence();
}

static void quick_frame_enter(void *instance, struct muslin_frame *f,
			      struct muslin_landing *landings, u32 n)
{
	muslin_frame_enter(instance, f, landings, n);
}

static void quick_frame_leave(void *instance, struct muslin_frame *f)
{
	muslin_frame_leave(instance, f);
}

static u32 quick_landing_set(void *instance, struct muslin_landing *l, u32 buf,
			     u32 sp)
{
	return muslin_landing_set(instance, l, buf, sp);
}

#undef OP1
#undef OP2
#undef TRAP1
#undef TRAP2
#undef LOAD
#undef STORE
#undef RMW
#undef CMPXCHG
#define OP1(name, r, t) { #name, quick_op_##name },
#define OP2(name, r, t) { #name, quick_op_##name },
#define TRAP1(name, r, t) { "quick_" #name, quick_op_##name },
#define TRAP2(name, r, t) { "quick_" #name, quick_op_##name },
#define BOTH(name) { #name, name }, { #name "_shared", name##_shared },
#define LOAD(name, t) BOTH(name)
#define STORE(name, t) BOTH(name)
#define RMW(name, t) BOTH(name)
#define CMPXCHG(name, t) BOTH(name)

void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);

/* The C library's are elsewhere in another process, which may go on with this code. */
static void *quick_memset(void *p, int c, size_t n)
{
	return memset(p, c, n);
}

static void *quick_memcpy(void *to, const void *from, size_t n)
{
	return memcpy(to, from, n);
}

static void *quick_memmove(void *to, const void *from, size_t n)
{
	return memmove(to, from, n);
}

const struct quick_symbol quick_symbols[] = {
#include "cgen/quick-ops.h"
	{ "atomic_fence", quick_fence },
	{ "memset", quick_memset },
	{ "memcpy", quick_memcpy },
	{ "memmove", quick_memmove },
	{ "quick_trap", quick_trap },
	{ "muslin_table", muslin_table },
	{ "muslin_table_init", muslin_table_init },
	{ "muslin_table_copy", muslin_table_copy },
	{ "muslin_table_fill", muslin_table_fill },
	{ "muslin_callee", muslin_callee },
	{ "muslin_setjmp", muslin_setjmp },
	{ "muslin_exception", muslin_exception },
	{ "muslin_throw", muslin_throw },
	{ "quick_frame_enter", quick_frame_enter },
	{ "quick_frame_leave", quick_frame_leave },
	{ "quick_landing_set", quick_landing_set },
	{ "muslin_land", muslin_land },
	{ NULL, NULL },
};
