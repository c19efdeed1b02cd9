/* SPDX-License-Identifier: MIT */
/* Cancellation: in a system call that sleeps, at one that comes later, in the
 * middle of a computation, and not where it is disabled. */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static int pipefd[2];
static sem_t ready;
static volatile int cleaned, got_past;

static void cleanup(void *arg)
{
	cleaned = 1;
}

static void *sleeper(void *arg)
{
	char c;

	pthread_cleanup_push(cleanup, NULL);
	sem_post(&ready);
	read(pipefd[0], &c, 1);
	got_past = 1;
	pthread_cleanup_pop(0);
	return NULL;
}

static void *waiter(void *arg)
{
	static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

	pthread_mutex_lock(&m);
	pthread_cleanup_push(cleanup, NULL);
	sem_post(&ready);
	for (;;)
		pthread_cond_wait(&c, &m);
	pthread_cleanup_pop(0);
	return NULL;
}

/* Meets the request at any instruction around the check in read(). */
static void *reader(void *arg)
{
	char c;

	pthread_cleanup_push(cleanup, NULL);
	sem_post(&ready);
	for (volatile int i = (int)(long)arg; i; i--)
		;
	for (;;)
		read(pipefd[0], &c, 1);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *spinner(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_cleanup_push(cleanup, NULL);
	sem_post(&ready);
	for (;;)
		;
	pthread_cleanup_pop(0);
	return NULL;
}

static void *deaf(void *arg)
{
	int fd;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	sem_post(&ready);
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	fd = open("/", O_RDONLY);
	t_check(fd >= 0 && !close(fd));
	got_past = 1;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	got_past = 2;
	return NULL;
}

static void cancel(const char *name, void *(*f)(void *), long arg, int cleans)
{
	pthread_t t;
	void *result = NULL;

	cleaned = got_past = 0;
	t_check(!pthread_create(&t, NULL, f, (void *)arg));
	sem_wait(&ready);
	t_check(!pthread_cancel(t));
	t_check(!pthread_join(t, &result));
	if (result != PTHREAD_CANCELED)
		t_error("%s: was not cancelled\n", name);
	if (cleaned != cleans)
		t_error("%s: cleanup handlers: %d\n", name, cleaned);
}

int main(void)
{
	t_check(!pipe(pipefd));
	sem_init(&ready, 0, 0);
	cancel("sleeper", sleeper, 0, 1);
	t_check(!got_past);
	cancel("waiter", waiter, 0, 1);
	cancel("spinner", spinner, 0, 1);
	cancel("deaf", deaf, 0, 0);
	t_check(got_past == 1);
	for (int i = 0; i < 200; i++)
		cancel("reader", reader, i * 100, 1);
	return t_status;
}
