/* SPDX-License-Identifier: MIT */
/*
 * Mappings that change while other threads use them: what was there before is never seen
 * once the call has returned, nor written to.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define PAGE 4096
#define ROUNDS 2000
#define READERS 2

static volatile unsigned int *place;	/* each page of it begins with its number */
static atomic_uint newest, done;

static void *reader(void *arg)
{
	(void)arg;
	while (!done) {
		unsigned int least = newest, is = *place;

		if (is < least)
			t_error("page %u was seen when %u was there\n", is, least);
	}
	return NULL;
}

static pthread_t threads[READERS];

static void begin(void *(*fn)(void *))
{
	done = 0;
	for (int i = 0; i < READERS; i++)
		t_check(!pthread_create(&threads[i], NULL, fn, NULL));
}

static void end(void)
{
	done = 1;
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
}

/* One page takes the place of another. */
static void replace(void)
{
	unsigned int *next;

	begin(reader);
	for (unsigned int i = 1; i < ROUNDS && !t_status; i++) {
		next = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		*next = i;
		if (mremap(next, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)place) == MAP_FAILED)
			t_error("mremap: %s\n", strerror(errno));
		newest = i;
	}
	end();
}

static void wait_for_page(int sig)
{
	(void)sig;
	sched_yield();
}

static void *writer(void *arg)
{
	(void)arg;
	while (!done)
		++*place;
	return NULL;
}

/* Nobody writes to what is read-only. */
static void protect(void)
{
	struct sigaction sa = { .sa_handler = wait_for_page };
	unsigned int before, after;

	sigaction(SIGSEGV, &sa, NULL);
	begin(writer);
	for (int i = 0; i < ROUNDS && !t_status; i++) {
		mprotect((void *)place, PAGE, PROT_READ);
		before = *place;
		for (int k = 0; k < 100; k++)
			atomic_thread_fence(memory_order_seq_cst);
		after = *place;
		if (before != after)
			t_error("round %d: %u became %u, read-only\n", i, before, after);
		mprotect((void *)place, PAGE, PROT_READ | PROT_WRITE);
	}
	end();
}

static void *counter(void *arg)
{
	(void)arg;
	while (!done) {
		place[1]++;
		place[2]++;
	}
	return NULL;
}

/* A child has memory as it was at one moment, and it stays so. */
static void child(void)
{
	unsigned int one = place[1], two = place[2];

	for (int k = 0; k < 2000; k++) {
		atomic_thread_fence(memory_order_seq_cst);
		if (place[1] != one || place[2] != two)
			_exit(2);
	}
	_exit(one - two > 1 ? 1 : 0);
}

static void copies(void)
{
	pthread_t t;
	int status;

	done = 0;
	place[1] = place[2] = 0;
	t_check(!pthread_create(&t, NULL, counter, NULL));
	for (int i = 0; i < 200 && !t_status; i++) {
		pid_t p = fork();

		if (!p)
			child();
		if (p < 0 || waitpid(p, &status, 0) != p || status)
			t_error("fork %d: child %d: status %#x\n", i, p, status);
	}
	done = 1;
	pthread_join(t, NULL);
}

/* Pages go, and come back empty. */
static void *filler(void *arg)
{
	unsigned int *mine = arg;

	while (!done)
		for (int i = 0; i < 16; i++) {
			mine[i * PAGE / 4] = 1;
			if (mine[i * PAGE / 4] > 1)
				t_error("page %d has another's\n", i);
		}
	return NULL;
}

static void discard(void)
{
	char *all = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t;

	done = 0;
	t_check(!pthread_create(&t, NULL, filler, all));
	for (int i = 0; i < ROUNDS && !t_status; i++) {
		char *others = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(others, 0x7f, 16 * PAGE);
		madvise(all, 16 * PAGE, MADV_DONTNEED);
		munmap(others, 16 * PAGE);
	}
	done = 1;
	pthread_join(t, NULL);
}

int main(void)
{
	place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	replace();
	protect();
	copies();
	discard();
	return t_status;
}
