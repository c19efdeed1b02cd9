/* SPDX-License-Identifier: MIT */
/* Thread-local variables: initial values, alignment, one for each thread. */
#include <pthread.h>
#include <stdint.h>
#include "test.h"

static __thread int initialised = 42;
static __thread char zero[5000];
static __thread _Alignas(256) long long aligned = -1;
_Thread_local int shared_name = 7;

static void check(void)
{
	t_check(initialised == 42);
	t_check(zero[0] == 0 && zero[4999] == 0);
	t_check(aligned == -1 && (uintptr_t)&aligned % 256 == 0);
	t_check(shared_name == 7);
	initialised = 1;
	zero[0] = zero[4999] = 1;
	aligned = 2;
	shared_name = 3;
	errno = 4;
}

static void *thread(void *arg)
{
	t_check(errno == 0);
	check();
	return &initialised;
}

int main(void)
{
	void *last = &initialised;

	check();
	for (int i = 0; i < 20; i++) {
		pthread_t t;
		void *where;

		t_check(!pthread_create(&t, NULL, thread, NULL));
		t_check(!pthread_join(t, &where));
		t_check(where != &initialised);
		last = where;
	}
	t_check(last != &initialised);
	t_check(initialised == 1 && aligned == 2 && shared_name == 3 && errno == 4);
	return t_status;
}
