/* SPDX-License-Identifier: MIT */
/*
 * libatomic: what clang calls for an atomic object that it has no instruction for.
 *
 * An object of a size and alignment that wasm has instructions for is handled by
 * them here, too, since code that knows more about it uses them.  For all
 * others there are locks, found by address.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef unsigned __int128 uint128_t;

/* The compiler has functions of these names, and other types for them. */
#define NAMED(type, function, name, ...) \
	type function(__VA_ARGS__) __asm__(name); \
	type function(__VA_ARGS__)

/* 0: free, 1: taken, 2: and somebody may wait. */
static int locks[64];

static int *lock(const volatile void *p)
{
	uintptr_t n = (uintptr_t)p >> 3;
	int *l = &locks[(n ^ n >> 6) % 64];
	int c = 0, e = errno;

	if (__atomic_compare_exchange_n(l, &c, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return l;
	while (__atomic_exchange_n(l, 2, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, l, FUTEX_WAIT_PRIVATE, 2, NULL);
	errno = e;
	return l;
}

static void unlock(int *l)
{
	int e = errno;

	if (__atomic_exchange_n(l, 0, __ATOMIC_RELEASE) == 2)
		syscall(SYS_futex, l, FUTEX_WAKE_PRIVATE, 1);
	errno = e;
}

/* --- any size --- */

static size_t native(size_t size, const volatile void *p)
{
	return size <= 8 && !(size & (size - 1)) && !((uintptr_t)p & (size - 1)) ? size : 0;
}

#define BY_SIZE(size, p, WITH) \
	switch (native(size, p)) { \
	case 1: WITH(uint8_t) \
	case 2: WITH(uint16_t) \
	case 4: WITH(uint32_t) \
	case 8: WITH(uint64_t) \
	}

NAMED(void, any_load, "__atomic_load", size_t size, const void *p, void *to, int order)
{
	int *l;

#define LOAD(T) { T x = __atomic_load_n((const T *)p, __ATOMIC_SEQ_CST); memcpy(to, &x, sizeof x); return; }
	BY_SIZE(size, p, LOAD)
	l = lock(p);
	memcpy(to, p, size);
	unlock(l);
}

NAMED(void, any_store, "__atomic_store", size_t size, void *p, const void *from, int order)
{
	int *l;

#define STORE(T) { T x; memcpy(&x, from, sizeof x); __atomic_store_n((T *)p, x, __ATOMIC_SEQ_CST); return; }
	BY_SIZE(size, p, STORE)
	l = lock(p);
	memcpy(p, from, size);
	unlock(l);
}

/* from and to may be the same. */
NAMED(void, any_exchange, "__atomic_exchange", size_t size, void *p, const void *from, void *to, int order)
{
	unsigned char *q = p, *t = to, old;
	const unsigned char *f = from;
	int *l;

#define EXCHANGE(T) { T x; memcpy(&x, from, sizeof x); \
	x = __atomic_exchange_n((T *)p, x, __ATOMIC_SEQ_CST); memcpy(to, &x, sizeof x); return; }
	BY_SIZE(size, p, EXCHANGE)
	l = lock(p);
	for (; size; size--) {
		old = *q;
		*q++ = *f++;
		*t++ = old;
	}
	unlock(l);
}

NAMED(_Bool, any_compare_exchange, "__atomic_compare_exchange", size_t size, void *p, void *expected,
	const void *from, int success, int failure)
{
	_Bool same;
	int *l;

#define COMPARE(T) { T x, e; memcpy(&x, from, sizeof x); memcpy(&e, expected, sizeof e); \
	same = __atomic_compare_exchange_n((T *)p, &e, x, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	if (!same) memcpy(expected, &e, sizeof e); \
	return same; }
	BY_SIZE(size, p, COMPARE)
	l = lock(p);
	same = !memcmp(p, expected, size);
	if (same)
		memcpy(p, from, size);
	else
		memcpy(expected, p, size);
	unlock(l);
	return same;
}

/* p is NULL for an object that is aligned as its size wants. */
NAMED(_Bool, any_is_lock_free, "__atomic_is_lock_free", size_t size, const void *p)
{
	return native(size, p) != 0;
}

/* --- by size --- */

#define ALL(n, T) \
NAMED(T, load_##n, "__atomic_load_" #n, T *p, int order) LOAD_N(T) \
NAMED(void, store_##n, "__atomic_store_" #n, T *p, T x, int order) STORE_N(T) \
NAMED(T, exchange_##n, "__atomic_exchange_" #n, T *p, T x, int order) CHANGE(T, exchange_n, x, old) \
NAMED(_Bool, compare_exchange_##n, "__atomic_compare_exchange_" #n, T *p, T *expected, T x, \
	int success, int failure) COMPARE_N(T) \
BOTH(n, T, add, old + x) \
BOTH(n, T, sub, old - x) \
BOTH(n, T, and, old & x) \
BOTH(n, T, or, old | x) \
BOTH(n, T, xor, old ^ x) \
BOTH(n, T, nand, ~(old & x))
#define BOTH(n, T, op, new) \
NAMED(T, fetch_##op##_##n, "__atomic_fetch_" #op "_" #n, T *p, T x, int order) \
	CHANGE(T, fetch_##op, new, old) \
NAMED(T, op##_fetch_##n, "__atomic_" #op "_fetch_" #n, T *p, T x, int order) \
	CHANGE(T, op##_fetch, new, *p)

#define LOAD_N(T) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
#define STORE_N(T) { __atomic_store_n(p, x, __ATOMIC_SEQ_CST); }
#define COMPARE_N(T) { return __atomic_compare_exchange_n(p, expected, x, 0, \
	__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
#define CHANGE(T, op, new, result) { return __atomic_##op(p, x, __ATOMIC_SEQ_CST); }

ALL(1, uint8_t)
ALL(2, uint16_t)
ALL(4, uint32_t)
ALL(8, uint64_t)

#undef LOAD_N
#undef STORE_N
#undef COMPARE_N
#undef CHANGE
#define LOAD_N(T) { T x; any_load(sizeof x, p, &x, order); return x; }
#define STORE_N(T) { any_store(sizeof x, p, &x, order); }
#define COMPARE_N(T) { return any_compare_exchange(sizeof x, p, expected, &x, success, failure); }
#define CHANGE(T, op, new, result) { \
	int *l = lock(p); \
	T old = *p, r; \
	*p = new; \
	r = result; \
	unlock(l); \
	return r; \
}

ALL(16, uint128_t)
