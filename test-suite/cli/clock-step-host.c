/* SPDX-License-Identifier: MIT */
/* An embedder whose wall clock is set while a guest runs. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "muslin.h"

#define SECOND 1000000000ll
#define NEAR 10000000ll

static volatile int64_t step;	/* seconds */
static int in[2], out[2];

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = __real_clock_gettime(clock, t);

	if (clock == CLOCK_REALTIME)
		t->tv_sec += step;
	return r;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static int64_t answer(void)
{
	int64_t time = 0;

	if (read(out[0], &time, sizeof(time)) != sizeof(time))
		printf("the guest says nothing\n");
	return time;
}

static int64_t ask(char c)
{
	if (write(in[1], &c, 1) != 1)
		printf("the guest does not listen\n");
	return answer();
}

static void compare(const char *what)
{
	int64_t before = now(), time = ask('t'), after = now();

	if (time < before - NEAR || time > after + NEAR)
		printf("%s: %lld ns too late\n", what, (long long)(before - time));
}

static void *play(void *arg)
{
	int64_t time;

	compare("at first");
	/* asleep when the clock is set, and not only about to */
	usleep(100000);
	step = 3600;
	compare("set forward while it slept");
	usleep(100000);
	step = -86400;
	compare("set back while it slept");
	ask('b');
	step = 0;
	time = now();
	/* a tick, and what else this machine does */
	if (llabs(answer() - time) > SECOND)
		printf("set while it ran: not seen\n");
	compare("set while it ran");
	if (ask('s') / SECOND != 1000000000)
		printf("it could not set its own\n");
	usleep(100000);
	step = 7200;
	if (ask('t') / SECOND > 1000000100)
		printf("it had set its own, and lost it\n");
	close(in[1]);
	return arg;
}

int main(void)
{
	struct muslin_program program = { .path = "/mnt/tell", .cwd = "/mnt" };
	pthread_t thread;
	struct muslin *m;
	int status;

	if (pipe(in) || pipe(out) || muslin_new(NULL, &m) || muslin_boot(m) ||
	    muslin_mount(m, ".", "/mnt", 0)) {
		printf("cannot boot\n");
		return 1;
	}
	program.fd[0] = in[0];
	program.fd[1] = out[1];
	program.fd[2] = 2;
	pthread_create(&thread, NULL, play, NULL);
	if (muslin_wait(m, muslin_spawn(m, &program), &status) || status)
		printf("%s\n", muslin_error(m));
	pthread_join(thread, NULL);
	muslin_shutdown(m);
	muslin_free(m);
	return 0;
}
