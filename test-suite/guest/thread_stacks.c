// SPDX-License-Identifier: MIT
// A thread begins anew on a stack that others have had.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static _Thread_local int zero;
static _Thread_local int three = 3;
static _Thread_local char many[3000];
static pthread_key_t key;
static sem_t done;

static void dirty(size_t n)
{
	volatile char space[n];
	size_t i;

	for (i = 0; i < n; i += 64)
		space[i] = i;
	zero = three = errno = 77;
	memset(many, 77, sizeof many);
	pthread_setspecific(key, many);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
}

static void *anew(void *arg)
{
	pthread_attr_t a;
	size_t size, i;
	int state;

	if (zero || three != 3 || errno)
		t_error("a thread begins with %d, %d, errno %d\n", zero, three, errno);
	for (i = 0; i < sizeof many; i++)
		if (many[i])
			t_error("byte %zu of its storage is %d\n", i, many[i]);
	if (pthread_getspecific(key))
		t_error("a thread begins with a value of a key\n");
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	if (state != PTHREAD_CANCEL_ENABLE)
		t_error("a thread begins with cancellation disabled\n");
	pthread_getattr_np(pthread_self(), &a);
	pthread_attr_getstacksize(&a, &size);
	if (arg && (size < (size_t)arg || size > (size_t)arg + 65536))
		t_error("a stack of %zu bytes instead of %zu\n", size, (size_t)arg);
	dirty(size / 2);
	return NULL;
}

static void no_value(void *arg) { }

static void *anew_detached(void *arg)
{
	pthread_detach(pthread_self());
	anew(arg);
	sem_post(&done);
	return NULL;
}

static void run(size_t size, size_t guard, void *(*f)(void *), pthread_t *t)
{
	pthread_attr_t a;
	int e;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, size);
	pthread_attr_setguardsize(&a, guard);
	e = pthread_create(t, &a, f, (void *)size);
	if (e)
		t_error("pthread_create: %s\n", strerror(e));
}

static void in_turn(void)
{
	static const size_t sizes[] = { 65536, 200000, 65536, 1000000, 131072 };
	pthread_t t;
	int i;

	for (i = 0; i < 500; i++) {
		run(sizes[i % 5], i % 3 ? 8192 : 0, anew, &t);
		pthread_join(t, NULL);
	}
}

static void at_once(void)
{
	pthread_t t[60];
	int i, j;

	for (j = 0; j < 10; j++) {
		for (i = 0; i < 60; i++)
			run(131072, 8192, i % 2 ? anew : anew_detached, &t[i]);
		for (i = 0; i < 60; i++)
			if (i % 2)
				pthread_join(t[i], NULL);
			else
				sem_wait(&done);
	}
}

/* Below a stack that was kept there still is a guard. */
static char *bottom;

static void *below(void *arg)
{
	pthread_attr_t a;
	void *addr;
	size_t size;

	pthread_getattr_np(pthread_self(), &a);
	pthread_attr_getstack(&a, &addr, &size);
	bottom = addr;
	*(volatile char *)bottom = 1;
	if (arg)
		*(volatile char *)(bottom - 1) = 1;
	return NULL;
}

static void guard(void)
{
	pthread_t t;
	int status;
	char *first;

	pthread_create(&t, NULL, below, NULL);
	pthread_join(t, NULL);
	first = bottom;
	pthread_create(&t, NULL, below, NULL);
	pthread_join(t, NULL);
	if (bottom != first)
		t_error("the second thread has its stack at %p, the first had %p\n",
			bottom, first);
	if (!fork()) {
		pthread_create(&t, NULL, below, "");
		pthread_join(t, NULL);
		_exit(0);
	}
	wait(&status);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
		t_error("a write below the stack: status %#x\n", status);
}

/* A child of fork() has none of the threads, and may have their stacks. */
static void *forks(void *arg)
{
	pthread_t t;
	int status;

	if (!fork()) {
		in_turn();
		at_once();
		_exit(t_status);
	}
	wait(&status);
	if (status)
		t_error("threads of a child: status %#x\n", status);
	run(65536, 8192, anew, &t);
	pthread_join(t, NULL);
	return NULL;
}

int main(void)
{
	pthread_t t[4];
	int i;

	pthread_key_create(&key, no_value);
	sem_init(&done, 0, 0);
	in_turn();
	/* before there are detached threads, which give their stacks back at any time */
	guard();
	at_once();
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, forks, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	return t_status;
}
