/* SPDX-License-Identifier: MIT */
/* threads WHAT: see rows.h. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rows.h"

extern char **environ;

static const char *self;

static pthread_t start(void *(*f)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, f, arg))
		die("pthread_create");
	return t;
}

/* A byte there and back, by pipes: two threads, or two programs. */
static int to[2], from[2];

static void *echoes(void *arg)
{
	int *fd = arg;
	char c;

	while (read(fd[0], &c, 1) == 1 && write(fd[1], &c, 1) == 1)
		;
	return NULL;
}

static void ping_pong(void)
{
	char c = 0;
	int i;

	for (i = 0; i < times; i++)
		if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
			die("pipe");
}

static void pipe_threads(void)
{
	int fd[2];
	pthread_t t;

	if (pipe(to) || pipe(from))
		die("pipe");
	fd[0] = to[0];
	fd[1] = from[1];
	t = start(echoes, fd);
	ping_pong();
	close(to[1]);
	pthread_join(t, NULL);
}

static void pipe_programs(void)
{
	char *argv[] = { (char *)self, "echo", NULL };
	posix_spawn_file_actions_t a;
	pid_t pid;

	if (pipe(to) || pipe(from))
		die("pipe");
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addclose(&a, to[1]);
	posix_spawn_file_actions_adddup2(&a, to[0], 0);
	posix_spawn_file_actions_adddup2(&a, from[1], 1);
	if (posix_spawn(&pid, self, &a, NULL, argv, environ))
		die("posix_spawn");
	ping_pong();
	close(to[1]);
	waitpid(pid, NULL, 0);
}

static volatile int handled;
static void handler(int sig) { handled += sig != 0; }

static void signal_self(void)
{
	pid_t pid = getpid();
	int i;

	handled = 0;
	signal(SIGUSR1, handler);
	for (i = 0; i < times; i++)
		kill(pid, SIGUSR1);
	if (handled != times)
		die("signal");
}

static void *nothing(void *arg) { return arg; }

static void create_join(void)
{
	int i;

	for (i = 0; i < times; i++)
		pthread_join(start(nothing, NULL), NULL);
}

static sem_t a, b;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *waits(void *arg)
{
	while (sem_wait(arg))
		;
	return NULL;
}

/* With another thread, since alone glibc uses no atomic instruction. */
static void lock_unlock(void)
{
	pthread_t t;
	int i;

	sem_init(&a, 0, 0);
	t = start(waits, &a);
	for (i = 0; i < times; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	sem_post(&a);
	pthread_join(t, NULL);
}

/* One of two threads wakes the other: half of there and back. */

static void *answers(void *arg)
{
	int i;

	for (i = 0; i < times / 2; i++) {
		sem_wait(&a);
		sem_post(&b);
	}
	return arg;
}

static void wake(void)
{
	pthread_t t;
	int i;

	sem_init(&a, 0, 0);
	sem_init(&b, 0, 0);
	t = start(answers, NULL);
	for (i = 0; i < times / 2; i++) {
		sem_post(&a);
		sem_wait(&b);
	}
	pthread_join(t, NULL);
}

static void *yields(void *arg)
{
	int i;

	for (i = 0; i < times / 2; i++)
		sched_yield();
	return arg;
}

static void yield(void)
{
	pthread_t t;
	cpu_set_t one;

	/* natively they must share a CPU for it to be a switch; here they do */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof one, &one);
	t = start(yields, NULL);
	yields(NULL);
	pthread_join(t, NULL);
}

static const struct row rows[] = {
	{ "pipe-threads", pipe_threads, 50000 },
	{ "pipe-programs", pipe_programs, 50000 },
	{ "signal", signal_self, 200000 },
	{ "create", create_join, 10000 },
	{ "mutex", lock_unlock, 10000000 },
	{ "wake", wake, 100000 },
	{ "yield", yield, 200000 },
	{ NULL, NULL, 0 },
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1 && !strcmp(argv[1], "echo")) {
		int fd[2] = { 0, 1 };

		echoes(fd);
		return 0;
	}
	return measure(rows, argc > 1 ? argv[1] : "");
}
