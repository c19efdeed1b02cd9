/* SPDX-License-Identifier: MIT */
/* The kinds of mutexes, rwlocks, barriers, spinlocks, semaphores, conditions. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static struct timespec in(clockid_t c, int ms)
{
	struct timespec t;

	clock_gettime(c, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void *join(pthread_t t)
{
	void *result = NULL;

	t_check(pthread_join(t, &result) == 0);
	return result;
}

static pthread_t start(void *(*f)(void *), void *arg)
{
	pthread_t t;

	t_check(pthread_create(&t, NULL, f, arg) == 0);
	return t;
}

/* What another thread gets from f(mutex). */
static int (*other_f)(pthread_mutex_t *);
static void *other(void *m) { return (void *)(intptr_t)other_f(m); }
static int elsewhere(int (*f)(pthread_mutex_t *), pthread_mutex_t *m)
{
	other_f = f;
	return (intptr_t)join(start(other, m));
}

static void init(pthread_mutex_t *m, int type, int robust, int protocol, int shared)
{
	pthread_mutexattr_t a;

	t_check(!pthread_mutexattr_init(&a) && !pthread_mutexattr_settype(&a, type));
	t_check(!pthread_mutexattr_setrobust(&a, robust));
	t_check(!pthread_mutexattr_setprotocol(&a, protocol));
	t_check(!pthread_mutexattr_setpshared(&a, shared));
	t_check(!pthread_mutex_init(m, &a) && !pthread_mutexattr_destroy(&a));
}

static atomic_int held;
static int total;

static void *contends(void *arg)
{
	pthread_mutex_t *m = arg;
	int i;

	for (i = 0; i < 300; i++) {
		t_check(pthread_mutex_lock(m) == 0);
		t_check(held++ == 0);
		total++;
		if (i % 8 == 0)
			sched_yield();
		t_check(held-- == 1);
		t_check(pthread_mutex_unlock(m) == 0);
	}
	return NULL;
}

static void types(int protocol)
{
	struct timespec t;
	pthread_mutex_t m;
	pthread_t th[4];
	int i, type;

	init(&m, PTHREAD_MUTEX_ERRORCHECK, 0, protocol, 0);
	t_check(!pthread_mutex_lock(&m) && pthread_mutex_lock(&m) == EDEADLK);
	t_check(elsewhere(pthread_mutex_unlock, &m) == EPERM);
	t_check(elsewhere(pthread_mutex_trylock, &m) == EBUSY);
	t_check(!pthread_mutex_unlock(&m) && pthread_mutex_unlock(&m) == EPERM);

	init(&m, PTHREAD_MUTEX_RECURSIVE, 0, protocol, 0);
	for (i = 0; i < 5; i++)
		t_check(!pthread_mutex_lock(&m));
	t_check(!pthread_mutex_trylock(&m));
	for (i = 0; i < 6; i++) {
		t_check(elsewhere(pthread_mutex_trylock, &m) == EBUSY);
		t_check(!pthread_mutex_unlock(&m));
	}

	init(&m, PTHREAD_MUTEX_NORMAL, 0, protocol, 0);
	t_check(!pthread_mutex_lock(&m) && pthread_mutex_trylock(&m) == EBUSY);
	t = in(CLOCK_REALTIME, 10);
	t_check(pthread_mutex_timedlock(&m, &t) == ETIMEDOUT);
	t_check(!pthread_mutex_unlock(&m));

	for (type = PTHREAD_MUTEX_NORMAL; type <= PTHREAD_MUTEX_ERRORCHECK; type++) {
		init(&m, type, 0, protocol, 0);
		total = 0;
		for (i = 0; i < 4; i++)
			th[i] = start(contends, &m);
		for (i = 0; i < 4; i++)
			join(th[i]);
		t_check(total == 1200 && !pthread_mutex_destroy(&m));
	}
}

/* --- robust ones, whose owner is gone --- */

static void *dies(void *m)
{
	pthread_mutex_lock(m);
	pthread_exit(NULL);
}

static void *dies_cancelled(void *m)
{
	pthread_mutex_lock(m);
	for (;;)
		pause();
}

static void found_dead(pthread_mutex_t *m)
{
	t_check(pthread_mutex_lock(m) == EOWNERDEAD);
	t_check(!pthread_mutex_consistent(m) && !pthread_mutex_unlock(m));
	t_check(!pthread_mutex_lock(m) && !pthread_mutex_unlock(m));
}

static pthread_mutex_t *waited_for;
static void *waits(void *arg)
{
	found_dead(waited_for);
	return arg;
}

static void robust(int protocol)
{
	pthread_mutex_t *m = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_t t;
	int status;
	pid_t pid;

	init(m, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, protocol, 0);
	join(start(dies, m));
	found_dead(m);
	t = start(dies_cancelled, m);
	while (pthread_mutex_trylock(m) == 0) {
		pthread_mutex_unlock(m);
		sched_yield();
	}
	pthread_cancel(t);
	t_check(join(t) == PTHREAD_CANCELED);
	found_dead(m);
	/* not made consistent */
	join(start(dies, m));
	t_check(pthread_mutex_lock(m) == EOWNERDEAD && !pthread_mutex_unlock(m));
	t_check(pthread_mutex_lock(m) == ENOTRECOVERABLE);

	/* of a killed process, with one that waits */
	init(m, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, protocol, 1);
	pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(m);
		for (;;)
			;
	}
	while (pthread_mutex_trylock(m) == 0) {
		pthread_mutex_unlock(m);
		sched_yield();
	}
	waited_for = m;
	t = start(waits, NULL);
	usleep(5000);
	kill(pid, SIGKILL);
	join(t);
	t_check(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
	munmap(m, 65536);
}

/* --- rwlocks --- */

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int readers, writers, most;

static void *reads(void *arg)
{
	int i;

	for (i = 0; i < 100; i++) {
		pthread_rwlock_rdlock(&rw);
		if (++readers > most)
			most = readers;
		sched_yield();
		t_check(writers == 0);
		readers--;
		pthread_rwlock_unlock(&rw);
	}
	return arg;
}

static void *writes(void *arg)
{
	int i;

	for (i = 0; i < 100; i++) {
		pthread_rwlock_wrlock(&rw);
		t_check(writers++ == 0);
		sched_yield();
		t_check(readers == 0);
		writers--;
		pthread_rwlock_unlock(&rw);
		sched_yield();
	}
	return arg;
}

static void rwlocks(void)
{
	struct timespec t;
	pthread_t th[6];
	int i;

	for (i = 0; i < 6; i++)
		th[i] = start(i < 4 ? reads : writes, NULL);
	for (i = 0; i < 6; i++)
		join(th[i]);
	t_check(most > 1);
	t_check(!pthread_rwlock_rdlock(&rw) && !pthread_rwlock_tryrdlock(&rw));
	t_check(pthread_rwlock_trywrlock(&rw) == EBUSY);
	t = in(CLOCK_REALTIME, 10);
	t_check(pthread_rwlock_timedwrlock(&rw, &t) == ETIMEDOUT);
	t_check(!pthread_rwlock_unlock(&rw) && !pthread_rwlock_unlock(&rw));
	t_check(!pthread_rwlock_trywrlock(&rw) && pthread_rwlock_tryrdlock(&rw) == EBUSY);
	t_check(!pthread_rwlock_unlock(&rw));
}

/* --- barriers, spinlocks --- */

static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static atomic_int rounds[50], serials;
static int spun;

static void *meets(void *arg)
{
	int i, r;

	for (i = 0; i < 50; i++) {
		rounds[i]++;
		r = pthread_barrier_wait(&barrier);
		t_check(rounds[i] == 6 && (r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD));
		serials += r != 0;
		pthread_spin_lock(&spin);
		spun++;
		pthread_spin_unlock(&spin);
	}
	return arg;
}

static void barriers(void)
{
	pthread_t t[6];
	int i;

	t_check(!pthread_barrier_init(&barrier, NULL, 6) && !pthread_spin_init(&spin, 0));
	for (i = 0; i < 6; i++)
		t[i] = start(meets, NULL);
	for (i = 0; i < 6; i++)
		join(t[i]);
	t_check(serials == 50 && spun == 300 && !pthread_barrier_destroy(&barrier));
	t_check(!pthread_spin_lock(&spin) && pthread_spin_trylock(&spin) == EBUSY);
}

/* A spinlock is held by who does not run: only preemption ends the wait. */
static void *holds_spin(void *arg)
{
	volatile int i;

	pthread_spin_lock(&spin);
	for (i = 0; i < 30000000; i++)
		;
	pthread_spin_unlock(&spin);
	return arg;
}

static void spins(void)
{
	pthread_t a, b;

	pthread_spin_unlock(&spin);
	a = start(holds_spin, NULL);
	b = start(holds_spin, NULL);
	join(a);
	join(b);
}

/* --- semaphores --- */

static void semaphores(void)
{
	sem_t *s = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec t = in(CLOCK_REALTIME, 10);
	int value, i, status;
	pid_t pid;

	t_check(!sem_init(s, 1, 2) && !sem_wait(s) && !sem_trywait(s));
	t_check(sem_trywait(s) == -1 && errno == EAGAIN);
	t_check(sem_timedwait(s, &t) == -1 && errno == ETIMEDOUT);
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < 100; i++)
			sem_post(s);
		_exit(0);
	}
	for (i = 0; i < 100; i++)
		t_check(sem_wait(s) == 0);
	t_check(waitpid(pid, &status, 0) == pid && status == 0);
	t_check(!sem_getvalue(s, &value) && value == 0);
	t_check(sem_init(s, 0, SEM_VALUE_MAX) == 0);
	t_check(sem_post(s) == -1 && errno == EOVERFLOW);
	munmap(s, 65536);
	s = sem_open("/mutexes", O_CREAT | O_EXCL, 0600, 1);
	t_check(s != SEM_FAILED && !sem_wait(s) && !sem_close(s) && !sem_unlink("/mutexes"));
}

/* --- conditions --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond;
static int go, gone;

static void *waits_for_go(void *arg)
{
	pthread_mutex_lock(&lock);
	while (!go)
		pthread_cond_wait(&cond, &lock);
	gone++;
	pthread_mutex_unlock(&lock);
	return arg;
}

static void conditions(clockid_t clock)
{
	pthread_condattr_t a;
	struct timespec t, now;
	pthread_t th[8];
	int i;

	t_check(!pthread_condattr_init(&a) && !pthread_condattr_setclock(&a, clock));
	t_check(!pthread_cond_init(&cond, &a));
	t = in(clock, 20);
	pthread_mutex_lock(&lock);
	t_check(pthread_cond_timedwait(&cond, &lock, &t) == ETIMEDOUT);
	clock_gettime(clock, &now);
	t_check(now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec));
	pthread_mutex_unlock(&lock);
	go = gone = 0;
	for (i = 0; i < 8; i++)
		th[i] = start(waits_for_go, NULL);
	usleep(2000);
	t_check(gone == 0);
	pthread_mutex_lock(&lock);
	go = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < 8; i++)
		join(th[i]);
	t_check(gone == 8 && !pthread_cond_destroy(&cond));
}

int main(void)
{
	types(PTHREAD_PRIO_NONE);
	types(PTHREAD_PRIO_INHERIT);
	robust(PTHREAD_PRIO_NONE);
	robust(PTHREAD_PRIO_INHERIT);
	rwlocks();
	barriers();
	spins();
	semaphores();
	conditions(CLOCK_REALTIME);
	conditions(CLOCK_MONOTONIC);
	return t_status;
}
