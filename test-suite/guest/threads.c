/* SPDX-License-Identifier: MIT */
/* Threads: results, locks, conditions, their own variables, cancellation. */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

enum { THREADS = 30, TURNS = 200 };

static pthread_t start(void *(*f)(void *), void *arg)
{
	pthread_t t;
	int r = pthread_create(&t, NULL, f, arg);

	if (r) {
		t_error("pthread_create: %s\n", strerror(r));
		exit(1);
	}
	return t;
}

static void *join(pthread_t t)
{
	void *result = NULL;

	t_check(pthread_join(t, &result) == 0);
	return result;
}

/* --- a lock, held across a yield --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;
static atomic_int atomic_count;
static __thread int mine = 7;

static void *counts(void *arg)
{
	int i;
	long n;

	for (i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&lock);
		n = count;
		if (i % 16 == 0)
			sched_yield();
		count = n + 1;
		pthread_mutex_unlock(&lock);
		atomic_count++;
		mine++;
	}
	t_check(mine == 7 + TURNS);
	return (void *)((intptr_t)arg * 2);
}

static void locks_and_results(void)
{
	pthread_t t[THREADS];
	intptr_t i;

	for (i = 0; i < THREADS; i++)
		t[i] = start(counts, (void *)i);
	for (i = 0; i < THREADS; i++)
		t_check(join(t[i]) == (void *)(i * 2));
	t_check(count == THREADS * TURNS && atomic_count == THREADS * TURNS);
	t_check(mine == 7);
}

/* --- two threads take turns --- */

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

static void *takes_turns(void *arg)
{
	int me = (intptr_t)arg, i;

	for (i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&lock);
		while (turn % 2 != me)
			pthread_cond_wait(&cond, &lock);
		turn++;
		pthread_cond_signal(&cond);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void conditions(void)
{
	pthread_t a = start(takes_turns, (void *)0), b = start(takes_turns, (void *)1);
	struct timespec t;

	join(a);
	join(b);
	t_check(turn == 2 * TURNS);

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 20000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_mutex_lock(&lock);
	t_check(pthread_cond_timedwait(&cond, &lock, &t) == ETIMEDOUT);
	pthread_mutex_unlock(&lock);
}

/* --- barriers, semaphores, once, keys --- */

static pthread_barrier_t barrier;
static atomic_int arrived, destroyed, once_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t sem;

static void destroy(void *value) { destroyed += (intptr_t)value; }
static void count_once(void) { once_count++; }

static void *meets(void *arg)
{
	int r;

	pthread_once(&once, count_once);
	pthread_setspecific(key, (void *)1);
	arrived++;
	r = pthread_barrier_wait(&barrier);
	t_check(arrived == 5);
	sem_post(&sem);
	return (void *)(intptr_t)(r == PTHREAD_BARRIER_SERIAL_THREAD);
	(void)arg;
}

static void meetings(void)
{
	pthread_t t[5];
	int i, serial = 0;

	pthread_barrier_init(&barrier, NULL, 5);
	pthread_key_create(&key, destroy);
	sem_init(&sem, 0, 0);
	for (i = 0; i < 5; i++)
		t[i] = start(meets, NULL);
	for (i = 0; i < 5; i++)
		t_check(sem_wait(&sem) == 0);
	for (i = 0; i < 5; i++)
		serial += join(t[i]) != NULL;
	t_check(serial == 1 && destroyed == 5 && once_count == 1);
	t_check(sem_trywait(&sem) == -1 && errno == EAGAIN);
}

/* --- cancellation: in a system call, and in a loop of user code --- */

static atomic_int cleaned;

static void clean(void *arg) { cleaned += (intptr_t)arg; }

static void *sleeps(void *arg)
{
	pthread_cleanup_push(clean, (void *)1);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return arg;
}

static void *reads(void *arg)
{
	char c;

	pthread_cleanup_push(clean, (void *)10);
	read((intptr_t)arg, &c, 1);
	t_error("read() returned\n");
	pthread_cleanup_pop(0);
	return NULL;
}

static void *spins(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		;
	return arg;
}

static void cancellation(void)
{
	int fd[2];
	pthread_t t;

	t_check(pipe(fd) == 0);
	t = start(sleeps, NULL);
	usleep(5000);
	t_check(pthread_cancel(t) == 0 && join(t) == PTHREAD_CANCELED);
	t = start(reads, (void *)(intptr_t)fd[0]);
	t_check(pthread_cancel(t) == 0 && join(t) == PTHREAD_CANCELED);
	t_check(cleaned == 11 || cleaned == 1);
	t = start(spins, NULL);
	usleep(5000);
	t_check(pthread_cancel(t) == 0 && join(t) == PTHREAD_CANCELED);
}

/* --- stacks --- */

static void *uses_stack(void *arg)
{
	volatile char buf[400000];
	size_t i;

	for (i = 0; i < sizeof buf; i += 1000)
		buf[i] = i;
	return (void *)(intptr_t)(buf[399000] == (char)399000);
	(void)arg;
}

static void stacks(void)
{
	pthread_attr_t a;
	pthread_t t;
	char *own;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 500000);
	t_check(pthread_create(&t, &a, uses_stack, NULL) == 0 && join(t) != NULL);
	own = malloc(600000);
	pthread_attr_setstack(&a, own, 600000);
	t_check(pthread_create(&t, &a, uses_stack, NULL) == 0 && join(t) != NULL);
	free(own);
	pthread_attr_destroy(&a);
}

/* --- detached ones are gone in time, and can be many in a row --- */

static void *posts(void *arg)
{
	sem_post(&sem);
	return arg;
}

static void many(void)
{
	pthread_t t;
	int i;

	for (i = 0; i < 300; i++) {
		t = start(posts, NULL);
		if (i % 2)
			join(t);
		else
			pthread_detach(t);
		sem_wait(&sem);
	}
}

int main(void)
{
	locks_and_results();
	conditions();
	meetings();
	cancellation();
	stacks();
	many();
	return t_status;
}
