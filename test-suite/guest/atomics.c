// SPDX-License-Identifier: MIT
// toolchain/runtime/atomic.c: atomic objects without an instruction of their size could not be linked.
#pragma clang diagnostic ignored "-Watomic-alignment"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include "test.h"

typedef unsigned __int128 wide;
struct pair { long long a, b; };
struct three { char c[3]; };
struct big { int n[10]; };

enum { THREADS = 4, TURNS = 5000 };

static _Atomic wide sum;
static _Atomic struct pair pair;
static _Atomic struct big big;
static _Atomic long double product = 1;

static void sizes(void)
{
	static _Atomic struct three three;
	struct three x = { { "cd" } }, old;
	struct pair zero = { 0, 0 }, one = { 1, 1 }, got = { 7, 7 };

	atomic_store(&three, (struct three){ { "ab" } });
	old = atomic_exchange(&three, x);
	t_check(!strcmp(old.c, "ab") && !strcmp(atomic_load(&three).c, "cd"));
	t_check(!atomic_compare_exchange_strong(&pair, &got, one) && !memcmp(&got, &zero, sizeof got));
	t_check(atomic_compare_exchange_strong(&pair, &got, one) && atomic_load(&pair).b == 1);
	atomic_store(&pair, zero);
	t_check(atomic_load(&pair).a == 0);
	product *= 2.5L;
	t_check(atomic_load(&product) == 2.5L);
	t_check(!__atomic_is_lock_free(16, NULL) && !__atomic_is_lock_free(3, NULL));
	t_check(__atomic_is_lock_free(*(volatile size_t *)&(size_t){ 8 }, &pair));
}

static void operations(void)
{
	static _Atomic wide w;
	const wide high = (wide)5 << 64, low = 3;

	t_check(atomic_exchange(&w, high | low) == 0);
	t_check(atomic_fetch_add(&w, UINT64_MAX) == (high | low));
	t_check(w == ((wide)6 << 64 | 2) && (w -= 2) == (wide)6 << 64);
	t_check(atomic_fetch_or(&w, 12) == (wide)6 << 64 && (w &= high | 4) == ((wide)4 << 64 | 4));
	t_check(atomic_fetch_xor(&w, 4) == ((wide)4 << 64 | 4) && w == (wide)4 << 64);
}

/* By name, as configure scripts ask for them, and where nothing is aligned. */
uint32_t fetch_add_4(void *, uint32_t, int) __asm__("__atomic_fetch_add_4");
uint64_t nand_fetch_8(void *, uint64_t, int) __asm__("__atomic_nand_fetch_8");
wide nand_fetch_16(void *, wide, int) __asm__("__atomic_nand_fetch_16");
void any_exchange(size_t, void *, void *, void *, int) __asm__("__atomic_exchange");
_Bool any_compare(size_t, void *, void *, void *, int, int) __asm__("__atomic_compare_exchange");

static void by_name(void)
{
	uint32_t four = 4;
	uint64_t eight = 12;
	_Alignas(16) wide sixteen = 12;
	_Alignas(8) char odd[12] = "123456789ab", eightfold[9] = "ABCDEFGH";

	t_check(fetch_add_4(&four, 3, 5) == 4 && four == 7);
	t_check(nand_fetch_8(&eight, 10, 5) == ~8ull && eight == ~8ull);
	t_check(nand_fetch_16(&sixteen, 10, 5) == ~(wide)8 && sixteen == ~(wide)8);
	any_exchange(8, odd + 1, eightfold, eightfold, 5);
	t_check(!strcmp(odd, "1ABCDEFGHab") && !strcmp(eightfold, "23456789"));
	t_check(!any_compare(8, odd + 1, eightfold, odd + 3, 5, 5) && !strcmp(eightfold, "ABCDEFGH"));
	t_check(any_compare(8, odd + 1, eightfold, (void *)"abcdefgh", 5, 5) && odd[8] == 'h');
}

static void *adds(void *arg)
{
	struct big b, c;
	int i, j;

	for (i = 0; i < TURNS; i++) {
		sum += ((wide)1 << 64) + 1;
		b = atomic_load(&big);
		do {
			c = b;
			for (j = 0; j < 10; j++)
				c.n[j]++;
		} while (!atomic_compare_exchange_weak(&big, &b, c));
	}
	return arg;
}

static void threads(void)
{
	pthread_t t[THREADS];
	struct big b;
	int i;

	for (i = 0; i < THREADS; i++)
		t_check(pthread_create(&t[i], NULL, adds, NULL) == 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	t_check(sum == ((wide)(THREADS * TURNS) << 64) + THREADS * TURNS);
	b = big;
	for (i = 0; i < 10; i++)
		t_check(b.n[i] == THREADS * TURNS);
}

/* What a processor does in one instruction: only a flag is looked at, or nothing. */
static void compared(void)
{
	static atomic_int n = 2;
	static atomic_uint bits;

	t_check(--n != 0 && --n == 0);
	t_check(--n < 0 && ++n == 0);
	n += 5;
	n -= 3;
	t_check((n -= 2) == 0);
	bits |= 0x10;
	bits ^= 0x30;
	t_check((bits & 0x10) == 0 && bits == 0x20);
	bits &= ~0x20u;
	t_check(bits == 0 && !(atomic_fetch_or(&bits, 4) & 4));
	t_check(atomic_fetch_and(&bits, ~4u) & 4);
	t_check(bits == 0);
}

int main(void)
{
	errno = 0;
	sizes();
	operations();
	compared();
	by_name();
	threads();
	t_check(errno == 0);
	return t_status;
}
