// SPDX-License-Identifier: MIT
// Functions that are called by another type than their own.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static int calls;
static void *volatile function;		/* the compiler must not know */

#define AS(type, f) (function = (void *)(f), (type)function)

/* --- the usual ones: threads, handlers, comparisons --- */

static void no_result(void *arg)
{
	calls += *(int *)arg;
}

static void *no_argument(void)
{
	calls++;
	return &calls;
}

static void neither(void)
{
	calls++;
	pthread_exit("exit");
}

static void *run(void *f)
{
	pthread_t t;
	void *result = "none";

	if (pthread_create(&t, 0, AS(void *(*)(void *), f), &(int){ 10 }) ||
	    pthread_join(t, &result))
		t_error("cannot run a thread\n");
	return result;
}

static void threads(void)
{
	calls = 0;
	if (run(no_result) || calls != 10)
		t_error("thread without a result: %d calls\n", calls);
	if (run(no_argument) != &calls || calls != 11)
		t_error("thread without an argument: %d calls\n", calls);
	if (strcmp(run(neither), "exit") || calls != 12)
		t_error("thread without either: %d calls\n", calls);
}

static void plain_handler(void)
{
	calls++;
}

static void long_handler(int sig, siginfo_t *si, void *context)
{
	calls += sig;
}

static int int_handler(int sig)
{
	return calls = 2 * sig;
}

static void handle(void *f, int flags, int want)
{
	struct sigaction sa = { .sa_flags = flags };

	sa.sa_handler = AS(void (*)(int), f);
	sigaction(SIGUSR1, &sa, 0);
	calls = 0;
	raise(SIGUSR1);
	if (calls != want)
		t_error("handler, flags %x: %d, not %d\n", flags, calls, want);
}

static int by_first(int *a)
{
	calls++;
	return *a == 1 ? -1 : 1;
}

static void comparison(void)
{
	int a[] = { 2, 1 };

	calls = 0;
	qsort(a, 2, sizeof(*a), AS(int (*)(const void *, const void *), by_first));
	if (!calls)
		t_error("qsort did not call\n");
}

/* --- arguments and results of every kind, in registers and on the stack --- */

static int64_t seen[12];
static double seen_floats[12];

static double many(int a, double b, int64_t c, float d, int e, int f, int g,
		   int h, double i, double j, double k, double l, double m,
		   double n, double o, double p)
{
	seen[0] = a, seen[1] = c, seen[2] = e, seen[3] = f, seen[4] = g, seen[5] = h;
	seen_floats[0] = b, seen_floats[1] = d, seen_floats[2] = i;
	seen_floats[7] = n, seen_floats[8] = o, seen_floats[9] = p;
	return 2.5;
}

static void as_few(void)
{
	memset(seen, 1, sizeof(seen));
	memset(seen_floats, 1, sizeof(seen_floats));
	if (AS(double (*)(double, int), many)(1.5, 7) != 2.5)
		t_error("a double got lost\n");
	if (seen[0] != 7 || seen[1] || seen[2] || seen[5])
		t_error("integers: %lld %lld\n", (long long)seen[0], (long long)seen[1]);
	if (seen_floats[0] != 1.5 || seen_floats[1] || seen_floats[8] || seen_floats[9])
		t_error("floats: %f %f\n", seen_floats[0], seen_floats[9]);
}

/* the same integers, and the same floats, in another order */
static void as_many(void)
{
	double r = AS(double (*)(int64_t, int, int, int, int, int, int, double, float,
				 double, double, double, double, double, double,
				 double, double, double), many)
		(1ll << 40 | 1, -2, 3, 4, 5, 6, 7, 1.5, 2.5,
		 3.5, 0, 0, 0, 0, 8.5, 9.5, 10.5, 11.5);

	if (r != 2.5)
		t_error("many returned %f\n", r);
	if (seen[0] != 1 || seen[1] != 0xfffffffe || seen[2] != 3 || seen[3] != 4 ||
	    seen[4] != 5 || seen[5] != 6)
		t_error("integers: %lld %lld %lld %lld\n", (long long)seen[0],
			(long long)seen[1], (long long)seen[4], (long long)seen[5]);
	if (seen_floats[0] != 1.5 || seen_floats[1] != 2.5 || seen_floats[2] != 3.5 ||
	    seen_floats[7] != 8.5 || seen_floats[8] != 9.5 || seen_floats[9] != 10.5)
		t_error("floats: %f %f %f %f\n", seen_floats[1], seen_floats[7],
			seen_floats[8], seen_floats[9]);
}

static int64_t wide(void)
{
	return -1;
}

static int narrow(void)
{
	return -1;
}

static float fraction(void)
{
	return 0.5;
}

static void nothing(void)
{
}

static void results(void)
{
	if (AS(int (*)(void), wide)() != -1 ||
	    AS(int64_t (*)(void), narrow)() != 0xffffffff ||
	    AS(int (*)(void), fraction)() != 0 ||
	    AS(double (*)(void), narrow)() != 0 ||
	    AS(int64_t (*)(void), nothing)() != 0 ||
	    AS(double (*)(int), nothing)(1) != 0 ||
	    AS(float (*)(int), fraction)(1) != 0.5f)
		t_error("wrong results\n");
}

/* --- out of such a call, and into one from everywhere --- */

static jmp_buf back;

static void leave(void)
{
	longjmp(back, 3);
}

static int recurse(int depth)
{
	return depth ? AS(int (*)(int, int), recurse)(depth - 1, depth) + 1 : 0;
}

static void jumps(void)
{
	if (!setjmp(back)) {
		AS(int (*)(int), leave)(1);
		t_error("longjmp returned\n");
	}
	if (recurse(1000) != 1000)
		t_error("recursion\n");
}

/* A handler that makes such calls interrupts others in every place. */
static void interrupted(void)
{
	struct itimerval often = { { 0, 50 }, { 0, 50 } }, never = { 0 };
	struct timespec now, end;
	long n = 0;

	signal(SIGALRM, AS(void (*)(int), int_handler));
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += 200000000;
	setitimer(ITIMER_REAL, &often, 0);
	do {
		n++;
		if (AS(int64_t (*)(int), wide)(1) != -1 ||
		    recurse(3) != 3 ||
		    AS(float (*)(int), fraction)(1) != 0.5f)
			t_error("interrupted, call %ld is wrong\n", n);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (!t_status && (now.tv_sec - end.tv_sec) * 1000000000ll + now.tv_nsec - end.tv_nsec < 0);
	setitimer(ITIMER_REAL, &never, 0);
	if (calls != 2 * SIGALRM)
		t_error("no signal came\n");
}

/* What is no function of the program is an error as ever. */
static int status_of(void *f)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		AS(void (*)(void), f)();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

int main(void)
{
	threads();
	handle(plain_handler, 0, 1);
	handle(plain_handler, SA_SIGINFO, 1);
	handle(long_handler, 0, SIGUSR1);
	handle(int_handler, SA_SIGINFO, 2 * SIGUSR1);
	comparison();
	as_few();
	as_many();
	results();
	jumps();
	interrupted();
	if (WTERMSIG(status_of(0)) != SIGSEGV ||
	    WTERMSIG(status_of((void *)1000000)) != SIGSEGV)
		t_error("a call of no function is no SIGSEGV\n");
	return t_status;
}
