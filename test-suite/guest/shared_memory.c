/* SPDX-License-Identifier: MIT */
/*
 * Two processes and the memory that they share: writes are seen at once, and
 * mutexes, conditions, barriers, semaphores, robust and inheriting locks work
 * in it, also when the other one dies.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

/* The descriptor that the child gets it as. */
#define FD 77

struct shared {
	atomic_int word, counter, ready;
	volatile int plain;
	pthread_mutex_t mutex, robust, inheriting, robust_pi;
	pthread_cond_t cond;
	pthread_barrier_t barrier;
	pthread_rwlock_t rwlock;
	pthread_spinlock_t spin;
	sem_t sem, back;
	int turn, sum;
};

static struct shared *s;

static void attach(int fd)
{
	s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		t_error("mmap: %s\n", strerror(errno));
}

/* In user code only: the other one runs when this one's turn is over. */
static void spin(int me, int rounds)
{
	int i;

	for (i = 0; i < rounds; i++) {
		while (atomic_load(&s->word) % 2 != me)
			;
		atomic_fetch_add(&s->word, 1);
	}
}

static void spin_plain(int me, int rounds)
{
	int i;

	for (i = 0; i < rounds; i++) {
		while (s->plain % 2 != me)
			;
		s->plain++;
	}
}

static void count_locked(int rounds)
{
	volatile int *sum = &s->sum;
	int i, x;

	for (i = 0; i < rounds; i++) {
		pthread_mutex_lock(&s->mutex);
		x = *sum;
		if (i % 100 == 0)
			sched_yield();
		*sum = x + 1;
		pthread_mutex_unlock(&s->mutex);
	}
}

static void take_turns(int me, int rounds)
{
	int i;

	pthread_mutex_lock(&s->mutex);
	for (i = 0; i < rounds; i++) {
		while (s->turn % 2 != me)
			pthread_cond_wait(&s->cond, &s->mutex);
		s->turn++;
		pthread_cond_broadcast(&s->cond);
	}
	pthread_mutex_unlock(&s->mutex);
}

static int barriers(int rounds)
{
	int i, serial = 0;

	for (i = 0; i < rounds; i++) {
		atomic_fetch_add(&s->counter, 1);
		serial += pthread_barrier_wait(&s->barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
		t_check(atomic_load(&s->counter) == 2 * (i + 1));
		serial += pthread_barrier_wait(&s->barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
	}
	return serial;
}

static void reader_and_writer(int rounds)
{
	volatile int *sum = &s->sum;
	int i, x;

	for (i = 0; i < rounds; i++) {
		t_check(pthread_rwlock_rdlock(&s->rwlock) == 0);
		x = *sum;
		if (i % 10 == 0)
			sched_yield();
		t_check(*sum == x && pthread_rwlock_unlock(&s->rwlock) == 0);
		t_check(pthread_rwlock_wrlock(&s->rwlock) == 0);
		x = *sum;
		if (i % 10 == 5)
			sched_yield();
		*sum = x + 1;
		t_check(pthread_rwlock_unlock(&s->rwlock) == 0);
	}
}

static int child(const char *what)
{
	int i;

	attach(FD);
	if (strcmp(what, "spin") == 0)
		spin(1, 20);
	if (strcmp(what, "plain") == 0)
		spin_plain(1, 20);
	if (strcmp(what, "mutex") == 0)
		count_locked(5000);
	if (strcmp(what, "turns") == 0)
		take_turns(1, 1000);
	if (strcmp(what, "barrier") == 0)
		return barriers(500);
	if (strcmp(what, "rwlock") == 0)
		reader_and_writer(1000);
	if (strcmp(what, "spinlock") == 0) {
		for (i = 0; i < 1000; i++) {
			pthread_spin_lock(&s->spin);
			s->sum++;
			pthread_spin_unlock(&s->spin);
		}
	}
	if (strcmp(what, "semaphore") == 0) {
		for (i = 0; i < 1000; i++) {
			sem_wait(&s->sem);
			sem_post(&s->back);
		}
	}
	if (strncmp(what, "die", 3) == 0) {
		pthread_mutex_lock(&s->robust);
		pthread_mutex_lock(&s->robust_pi);
		atomic_store(&s->ready, 1);
		if (strcmp(what, "die by signal") == 0)
			for (;;)
				pause();
		_exit(5);
	}
	if (strcmp(what, "inherit") == 0) {
		pthread_mutex_lock(&s->inheriting);
		atomic_store(&s->ready, 1);
		usleep(20000);
		s->sum = 1;
		pthread_mutex_unlock(&s->inheriting);
	}
	if (strcmp(what, "wake") == 0) {
		while (!atomic_load(&s->ready))
			sched_yield();
		usleep(10000);
		atomic_store(&s->word, 1);
		sem_post(&s->sem);
	}
	return t_status;
}

static pid_t start(const char *what)
{
	char *argv[] = { (char *)"shared", (char *)what, NULL };
	pid_t pid = -1;

	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
	return pid;
}

static int end_of(pid_t pid)
{
	int status = -1;

	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

static void set_up(void)
{
	pthread_mutexattr_t m;
	pthread_condattr_t c;
	pthread_barrierattr_t b;
	pthread_rwlockattr_t r;

	pthread_mutexattr_init(&m);
	pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
	t_check(pthread_mutex_init(&s->mutex, &m) == 0);
	t_check(pthread_mutexattr_setprotocol(&m, PTHREAD_PRIO_INHERIT) == 0);
	t_check(pthread_mutex_init(&s->inheriting, &m) == 0);
	pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST);
	t_check(pthread_mutex_init(&s->robust_pi, &m) == 0);
	pthread_mutexattr_setprotocol(&m, PTHREAD_PRIO_NONE);
	t_check(pthread_mutex_init(&s->robust, &m) == 0);
	pthread_condattr_init(&c);
	pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
	t_check(pthread_cond_init(&s->cond, &c) == 0);
	pthread_barrierattr_init(&b);
	pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
	t_check(pthread_barrier_init(&s->barrier, &b, 2) == 0);
	pthread_rwlockattr_init(&r);
	pthread_rwlockattr_setpshared(&r, PTHREAD_PROCESS_SHARED);
	t_check(pthread_rwlock_init(&s->rwlock, &r) == 0);
	t_check(pthread_spin_init(&s->spin, PTHREAD_PROCESS_SHARED) == 0);
	t_check(sem_init(&s->sem, 1, 0) == 0 && sem_init(&s->back, 1, 0) == 0);
}

static void clean(void)
{
	s->sum = s->turn = s->plain = 0;
	atomic_store(&s->word, 0);
	atomic_store(&s->counter, 0);
	atomic_store(&s->ready, 0);
}

static void spinning(void)
{
	pid_t pid = start("spin");

	spin(0, 20);
	t_check(end_of(pid) == 0 && atomic_load(&s->word) == 40);
	pid = start("plain");
	spin_plain(0, 20);
	t_check(end_of(pid) == 0 && s->plain == 40);
}

static void locks(void)
{
	pid_t pid = start("mutex");

	count_locked(5000);
	t_check(end_of(pid) == 0 && s->sum == 10000);
	clean();
	pid = start("turns");
	take_turns(0, 1000);
	t_check(end_of(pid) == 0 && s->turn == 2000);
	clean();
	pid = start("rwlock");
	reader_and_writer(1000);
	t_check(end_of(pid) == 0 && s->sum == 2000);
	clean();
	pid = start("spinlock");
	for (int i = 0; i < 1000; i++) {
		pthread_spin_lock(&s->spin);
		s->sum++;
		pthread_spin_unlock(&s->spin);
	}
	t_check(end_of(pid) == 0 && s->sum == 2000);
}

static void barrier(void)
{
	pid_t pid = start("barrier");
	int mine = barriers(500), status = end_of(pid);

	t_check(WIFEXITED(status) && WEXITSTATUS(status) == ((1000 - mine) & 255));
}

static void semaphore(void)
{
	pid_t pid = start("semaphore");
	int i;

	for (i = 0; i < 1000; i++) {
		sem_post(&s->sem);
		sem_wait(&s->back);
	}
	t_check(end_of(pid) == 0 && sem_trywait(&s->back) == -1 && errno == EAGAIN);
}

static void owner_dies(const char *how)
{
	pid_t pid = start(how);

	while (!atomic_load(&s->ready))
		sched_yield();
	if (strcmp(how, "die by signal") == 0) {
		t_check(pthread_mutex_trylock(&s->robust) == EBUSY);
		t_check(kill(pid, SIGKILL) == 0);
	}
	/* one before it is gone for good, perhaps, and one after */
	t_check(pthread_mutex_lock(&s->robust) == EOWNERDEAD);
	t_check(pthread_mutex_consistent(&s->robust) == 0);
	t_check(pthread_mutex_unlock(&s->robust) == 0);
	end_of(pid);
	t_check(pthread_mutex_lock(&s->robust_pi) == EOWNERDEAD);
	t_check(pthread_mutex_consistent(&s->robust_pi) == 0);
	t_check(pthread_mutex_unlock(&s->robust_pi) == 0);
	t_check(pthread_mutex_lock(&s->robust) == 0 && pthread_mutex_unlock(&s->robust) == 0);
}

static void inheriting(void)
{
	pid_t pid = start("inherit");

	while (!atomic_load(&s->ready))
		sched_yield();
	t_check(pthread_mutex_lock(&s->inheriting) == 0 && s->sum == 1);
	t_check(pthread_mutex_unlock(&s->inheriting) == 0);
	t_check(end_of(pid) == 0);
}

static void sleeps_and_wakes(void)
{
	pid_t pid = start("wake");
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 10;
	atomic_store(&s->ready, 1);
	t_check(sem_timedwait(&s->sem, &t) == 0 && atomic_load(&s->word) == 1);
	t_check(end_of(pid) == 0);
	clock_gettime(CLOCK_REALTIME, &t);
	t_check(sem_timedwait(&s->sem, &t) == -1 && errno == ETIMEDOUT);
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "memfd", "/tmp/shared", "/dev/shm/shared" };
	size_t i;
	int fd;

	if (argc > 1)
		return child(argv[1]);
	for (i = 0; i < 3; i++) {
		fd = i ? open(kinds[i], O_RDWR | O_CREAT, 0600) : memfd_create("shared", 0);
		t_check(fd >= 0 && ftruncate(fd, sizeof *s) == 0 && dup2(fd, FD) == FD);
		close(fd);
		attach(FD);
		set_up();
		clean();
		spinning();
		clean();
		locks();
		clean();
		barrier();
		semaphore();
		owner_dies("die");
		clean();
		owner_dies("die by signal");
		clean();
		inheriting();
		clean();
		sleeps_and_wakes();
		t_check(munmap(s, sizeof *s) == 0);
		if (i)
			unlink(kinds[i]);
	}
	return t_status;
}
