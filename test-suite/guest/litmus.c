/* SPDX-License-Identifier: MIT */
/*
 * What threads may see of one another's stores: message passing, and store buffering with
 * fences and with atomic stores.  Each place of the arrays is a round.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "test.h"

#define ROUNDS 100000
#define TIMES 10

static _Atomic int x[ROUNDS], y[ROUNDS];
static int seen_x[ROUNDS], seen_y[ROUNDS];
static int data[ROUNDS];
static pthread_barrier_t begin;

static void *sender(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&begin);
	for (int i = 0; i < ROUNDS; i++) {
		data[i] = i + 1;
		atomic_store_explicit(&x[i], 1, memory_order_release);
	}
	return NULL;
}

static void *receiver(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&begin);
	for (int i = 0; i < ROUNDS; i++)
		if (atomic_load_explicit(&x[i], memory_order_acquire) && data[i] != i + 1)
			t_error("round %d: the message came before what it is about\n", i);
	return NULL;
}

#define SB(name, mine, others, seen, store, fence) \
static void *name(void *arg) \
{ \
	(void)arg; \
	pthread_barrier_wait(&begin); \
	for (int i = 0; i < ROUNDS; i++) { \
		atomic_store_explicit(&mine[i], 1, store); \
		fence; \
		seen[i] = atomic_load_explicit(&others[i], store); \
	} \
	return NULL; \
}
SB(fenced_x, x, y, seen_y, memory_order_relaxed, atomic_thread_fence(memory_order_seq_cst))
SB(fenced_y, y, x, seen_x, memory_order_relaxed, atomic_thread_fence(memory_order_seq_cst))
SB(ordered_x, x, y, seen_y, memory_order_seq_cst, (void)0)
SB(ordered_y, y, x, seen_x, memory_order_seq_cst, (void)0)

/* An atomic exchange is a fence, too. */
static void *exchanged_x(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&begin);
	for (int i = 0; i < ROUNDS; i++) {
		atomic_exchange(&x[i], 1);
		seen_y[i] = atomic_load_explicit(&y[i], memory_order_relaxed);
	}
	return NULL;
}

static void both(void *(*a)(void *), void *(*b)(void *))
{
	pthread_t ta, tb;

	memset(x, 0, sizeof(x));
	memset(y, 0, sizeof(y));
	memset(data, 0, sizeof(data));
	t_check(!pthread_create(&ta, NULL, a, NULL));
	t_check(!pthread_create(&tb, NULL, b, NULL));
	pthread_join(ta, NULL);
	pthread_join(tb, NULL);
}

static void buffering(const char *how, void *(*a)(void *), void *(*b)(void *))
{
	both(a, b);
	for (int i = 0; i < ROUNDS; i++)
		if (!seen_x[i] && !seen_y[i])
			t_error("%s, round %d: neither saw the other's store\n", how, i);
}

static _Atomic int sum;

static void *add(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&begin);
	for (int i = 0; i < ROUNDS; i++)
		sum++;
	return NULL;
}

int main(void)
{
	pthread_barrier_init(&begin, NULL, 2);
	for (int i = 0; i < TIMES && !t_status; i++) {
		both(sender, receiver);
		buffering("fences", fenced_x, fenced_y);
		buffering("sequential consistency", ordered_x, ordered_y);
		buffering("an exchange", exchanged_x, fenced_y);
		both(add, add);
	}
	t_check(sum == 2 * TIMES * ROUNDS);
	return t_status;
}
