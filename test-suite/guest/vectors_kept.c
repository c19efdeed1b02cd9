/* SPDX-License-Identifier: MIT */
/* Vectors that are alive where a program forks, jumps, is interrupted, or another thread runs. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wasm_simd128.h>
#include "test.h"

static v128_t numbers(int from)
{
	return wasm_i32x4_make(from, from + 1, from + 2, from + 3);
}

static int is_numbers(v128_t v, int from)
{
	return wasm_i32x4_all_true(wasm_i32x4_eq(v, numbers(from)));
}

/* --- setjmp --- */

static jmp_buf place;
static volatile int calls;

__attribute__((noinline)) static void jump(v128_t v, int value)
{
	if (is_numbers(v, 7))
		longjmp(place, value);
}

__attribute__((noinline)) static v128_t jumps(v128_t parameter, int from)
{
	v128_t local = wasm_i32x4_add(parameter, wasm_i32x4_splat(from));
	volatile v128_t changed = local;
	v128_t unused = numbers(calls);

	t_check(is_numbers(unused, calls));
	switch (setjmp(place)) {
	case 0:
		changed = numbers(40);
		calls++;
		jump(numbers(7), 3);
		break;
	case 3:
		t_check(is_numbers(changed, 40));
		t_check(is_numbers(local, 10 + from));
		changed = wasm_i32x4_add(changed, local);
		calls++;
		jump(numbers(7), 4);
		break;
	case 4:
		t_check(is_numbers(wasm_i32x4_sub(changed, local), 40));
		t_check(is_numbers(parameter, 10));
		return wasm_i32x4_add(local, parameter);
	}
	return wasm_i32x4_splat(0);
}

static void test_setjmp(void)
{
	v128_t v = jumps(numbers(10), 5);

	t_check(calls == 2);
	t_check(wasm_i32x4_extract_lane(v, 0) == 25 && wasm_i32x4_extract_lane(v, 3) == 31);
}

/* --- fork --- */

static void test_fork(void)
{
	v128_t a = numbers(calls), b = numbers(calls + 100);
	int status;
	pid_t pid = fork();

	if (!pid) {
		a = wasm_i32x4_add(a, b);
		_exit(wasm_i32x4_extract_lane(a, 1) == 2 * calls + 102 ? 17 : 1);
	}
	waitpid(pid, &status, 0);
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 17);
	t_check(is_numbers(a, calls) && is_numbers(b, calls + 100));
}

/* --- handlers, and threads: all of them use every register --- */

__attribute__((noinline)) static void rounds(v128_t *out, int seed, int n)
{
	v128_t v[12];

	for (int k = 0; k < 12; k++)
		v[k] = numbers(seed + k);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 12; k++)
			v[k] = wasm_i32x4_add(wasm_v128_xor(wasm_i32x4_shl(v[k], 5), v[(k + 1) % 12]),
					      wasm_u32x4_shr(v[k], 7));
	for (int k = 0; k < 12; k++)
		out[k] = v[k];
}

static volatile sig_atomic_t handled;

static void handler(int sig)
{
	v128_t out[12];

	(void)sig;
	rounds(out, ++handled, 10);
}

static void *thread(void *arg)
{
	int seed = (int)(long)arg, bad = 0;
	v128_t first[12], out[12];

	rounds(first, seed, 20000);
	for (int i = 0; i < 20; i++) {
		rounds(out, seed, 20000);
		for (int k = 0; k < 12; k++)
			bad += !wasm_i8x16_all_true(wasm_i8x16_eq(first[k], out[k]));
		sched_yield();
	}
	return (void *)(long)bad;
}

static void test_interrupted(void)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, off = { 0 };
	pthread_t t[3];
	void *bad;

	signal(SIGALRM, handler);
	setitimer(ITIMER_REAL, &often, NULL);
	for (long i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, thread, (void *)(i + 1));
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &bad);
		t_check(!bad);
	}
	while (!handled)
		sched_yield();
	setitimer(ITIMER_REAL, &off, NULL);
}

/* --- calls --- */

typedef v128_t function(v128_t, int, v128_t);

__attribute__((noinline)) static v128_t subtract(v128_t a, int n, v128_t b)
{
	return wasm_i32x4_sub(wasm_i32x4_sub(a, b), wasm_i32x4_splat(n));
}

static v128_t sum(int n, ...)
{
	v128_t s = wasm_i32x4_splat(0);
	va_list ap;

	va_start(ap, n);
	while (n--)
		s = wasm_i32x4_add(s, va_arg(ap, v128_t));
	va_end(ap);
	return s;
}

static v128_t kept_global;
static _Thread_local v128_t kept_tls;

static void test_calls(void)
{
	function *volatile f = subtract;
	v128_t *heap = malloc(3 * sizeof(*heap));

	t_check((size_t)heap % 16 == 0);
	kept_global = numbers(1);
	kept_tls = numbers(2);
	heap[1] = f(numbers(100), 20, wasm_i32x4_splat(30));
	t_check(is_numbers(heap[1], 50));
	t_check(is_numbers(sum(3, heap[1], wasm_i32x4_splat(1), wasm_i32x4_splat(2)), 53));
	t_check(is_numbers(kept_global, 1) && is_numbers(kept_tls, 2));
	free(heap);
}

int main(void)
{
	test_calls();
	test_setjmp();
	test_fork();
	test_interrupted();
	return t_status;
}
