/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp from and to wherever a program may: see setjmp. */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static volatile int failed;
#define check(x) ((x) ? (void)0 : (failed = 1, (void)printf("line %d: %s: false\n", __LINE__, #x)))

static _Thread_local jmp_buf env;
static sigjmp_buf senv, senv2;
static volatile char *none, sum;

static void jump_out(int sig)
{
	siglongjmp(senv, sig);
}

static void tick_after(int usec)
{
	struct itimerval v = { .it_value.tv_usec = usec };

	setitimer(ITIMER_REAL, &v, NULL);
}

/* --- from a handler to the function that was interrupted: longjmp-trap, -luck --- */

static NOINLINE char load(volatile char *a)
{
	return *a;
}

static NOINLINE int probe(volatile char *a)
{
	if (sigsetjmp(senv, 1))
		return 0;
	sum += *a;
	return 1;
}

static NOINLINE int probe_loop(volatile char *a, int n)
{
	volatile int i;

	for (i = 0; i < n; i++) {
		if (sigsetjmp(senv, 1) == SIGSEGV)
			continue;
		for (int j = 0; j < 16; j++)
			sum += a[j];
	}
	return i;
}

static NOINLINE int spin(void)
{
	if (sigsetjmp(senv, 1))
		return 1;
	tick_after(10000);
	for (;;)
		sum++;
}

static NOINLINE int in_callee(volatile char *a)
{
	if (sigsetjmp(senv, 1))
		return 0;
	sum += load(a);
	return 1;
}

static NOINLINE int between_calls(volatile char *a)
{
	if (sigsetjmp(senv, 1))
		return 0;
	getppid();
	sum += *a;
	getppid();
	return 1;
}

static void handlers(void)
{
	signal(SIGSEGV, jump_out);
	signal(SIGALRM, jump_out);
	check(!probe(none));
	check(probe_loop(none, 3) == 3);
	check(spin());
	check(!in_callee(none));
	check(!between_calls(none));
}

static NOINLINE void on_other_stack(void)
{
	stack_t s = { .ss_size = 65536, .ss_sp = malloc(65536) }, now;
	struct sigaction sa = { .sa_handler = jump_out, .sa_flags = SA_ONSTACK };

	sigaltstack(&s, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	for (volatile int i = 0; i < 100; i++)
		check(!probe(none));
	sigaltstack(NULL, &now);
	check(!(now.ss_flags & SS_ONSTACK));
	s.ss_flags = SS_DISABLE;
	sigaltstack(&s, NULL);
	free(s.ss_sp);
}

/* handlers in handlers: out of the inner to the outer, and out of both */
static volatile int depth;

static void nested(int sig)
{
	if (++depth == 1) {
		if (!sigsetjmp(senv2, 1))
			raise(SIGUSR2);
		check(depth == 2);
		raise(SIGUSR2);
	}
	siglongjmp(depth == 2 ? senv2 : senv, 5);
}

static NOINLINE void in_handlers(void)
{
	int r;

	signal(SIGUSR1, nested);
	signal(SIGUSR2, nested);
	r = sigsetjmp(senv, 1);
	if (!r)
		raise(SIGUSR1);
	check(r == 5 && depth == 3);
}

/* a timer, against whatever setjmp and longjmp do */
static volatile int ticks;

static void count_and_jump(int sig)
{
	jmp_buf mine;

	ticks++;
	if (!setjmp(mine))
		longjmp(mine, 1);
	siglongjmp(senv, 1);
}

static NOINLINE int nest(int n)
{
	jmp_buf here;
	int r = setjmp(here);

	if (r)
		return r;
	if (n)
		n = nest(n - 1);
	longjmp(here, n + 1);
}

static NOINLINE void interrupted(void)
{
	struct itimerval v = { { 0, 300 }, { 0, 300 } }, off = { 0 };

	signal(SIGALRM, count_and_jump);
	sigsetjmp(senv, 1);
	setitimer(ITIMER_REAL, &v, NULL);
	while (ticks < 200)
		check(nest(3) == 4);
	setitimer(ITIMER_REAL, &off, NULL);
}

/* --- frames --- */

static NOINLINE void array_in_loop(void)
{
	jmp_buf bufs[8];
	volatile int i, n = 0, landed = 0;

	for (i = 0; i < 8; i++)
		if (setjmp(bufs[i])) {
			landed |= 1 << (n - 1);
			break;
		}
	if (n < 8) {
		n++;
		longjmp(bufs[n - 1], 1);
	}
	check(landed == 255);
}

static NOINLINE int variable_length(int n)
{
	char before[n];
	int r, len = n * 2;
	char *after;

	memset(before, 'b', n);
	r = setjmp(env);
	after = alloca(len);
	memset(after, 'a', len);
	check(before[0] == 'b' && before[n - 1] == 'b' && len == 2 * n);
	if (r < 20)
		longjmp(env, r + 1);
	return r;
}

static NOINLINE double many_kinds(int i, long long l, float f, double d)
{
	volatile int times = 0;

	for (int k = 0; k < 3; k++) {
		int r = setjmp(env);

		times++;
		check(i == 7 && l == 1ll << 40 && f == 1.5f && d == 0.1);
		if (r < 2)
			longjmp(env, r + 1);
	}
	return times + i + l + f + d;
}

static NOINLINE void returned(void)
{
	volatile int x = setjmp(env);

	(void)x;
}

static NOINLINE void set_elsewhere(jmp_buf b)
{
	volatile int x = setjmp(b);

	(void)x;
}

static int death(void (*fn)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		signal(SIGILL, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		fn();
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void to_returned(void)
{
	returned();
	longjmp(env, 1);
}

/* the same function again is not the same call */
static void to_earlier(void)
{
	jmp_buf first;

	set_elsewhere(first);
	memcpy(env, first, sizeof(env));
	if (!setjmp(first))
		longjmp(env, 1);
}

static void to_nowhere(void)
{
	memset(env, 0, sizeof(env));
	longjmp(env, 1);
}

static void to_guess(void)
{
	setjmp(env);
	for (int i = 0; i < 100; i++) {
		uint32_t words[4] = { i, i % 3, 1, i * 0x01010101u };

		memcpy(env, words, sizeof(words));
		if (!sigsetjmp(senv, 1))
			longjmp(env, 1);
	}
}

/* what clang's own lowering, which only sees calls, does not do or compile */
#ifdef EXCEPTIONS
static void only_native(void) {}
#else
static void by_pointer(void)
{
	int (*volatile set)(jmp_buf) = (int (*)(jmp_buf))(uintptr_t)setjmp;

	set(env);
}

static void to_other_thread(void);

static NOINLINE void only_native(void)
{
	handlers();
	on_other_stack();
	interrupted();
	check(death(to_guess) == SIGILL);
	check(death(by_pointer) == SIGILL);
	check(death(to_other_thread) == SIGILL);
	check(death(to_earlier) == SIGILL);
}
#endif

/* --- processes and threads --- */

static NOINLINE void forked(void)
{
	volatile int set = 0;
	int r = setjmp(env), status = 1;

	if (!set) {
		set = 1;
		if (!fork())
			longjmp(env, 3);
		wait(&status);
		check(status == 3 << 8);
		longjmp(env, 4);
	}
	if (r == 3)
		_exit(r);
	check(r == 4);
}

/* a handler that forks, its child back in the function that it interrupted */
static volatile pid_t child;

static void fork_in_handler(int sig)
{
	child = fork();
}

static NOINLINE void forked_in_handler(void)
{
	volatile int rounds = 0;
	int status = 1;

	signal(SIGALRM, fork_in_handler);
	child = -1;
	tick_after(3000);
	while (child == -1 || ++rounds < 100)
		check(nest(3) == 4);
	if (!child)
		_exit(failed ? 1 : 7);
	waitpid(child, &status, 0);
	check(status == 7 << 8);
}

static jmp_buf of_main;

static void *thread(void *arg)
{
	volatile long rounds = 0;

	if (arg)
		longjmp(of_main, 1);
	setjmp(env);
	if (++rounds < 20000)
		longjmp(env, 1);
	return (void *)rounds;
}

static NOINLINE void threads(void)
{
	pthread_t t[4];
	void *r;

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &r);
		check(r == (void *)20000);
	}
}

/* a jmp_buf of another thread */
static void to_other_thread(void)
{
	pthread_t t;

	setjmp(of_main);
	pthread_create(&t, NULL, thread, (void *)1);
	pthread_join(t, NULL);
}

static volatile int cleaned;

static void clean(void *arg)
{
	if (!setjmp(env))
		longjmp(env, 1);
	cleaned = 1;
}

static NOINLINE int inner(void)
{
	jmp_buf b;

	if (!setjmp(b))
		pause();
	return 0;
}

static void *cancelled(void *arg)
{
	jmp_buf b;

	pthread_cleanup_push(clean, NULL);
	if (!setjmp(b))
		inner();
	pthread_cleanup_pop(1);
	return NULL;
}

static NOINLINE void cancellation(void)
{
	pthread_t t;
	void *r;

	pthread_create(&t, NULL, cancelled, NULL);
	usleep(1000);
	pthread_cancel(t);
	pthread_join(t, &r);
	check(r == PTHREAD_CANCELED && cleaned);
}

int main(void)
{
	none = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	array_in_loop();
	check(variable_length(10) == 20);
	check(many_kinds(7, 1ll << 40, 1.5f, 0.1) == 9 + 7 + (1ll << 40) + 1.5f + 0.1);
	in_handlers();
	only_native();
	forked();
	forked_in_handler();
	threads();
	cancellation();
	check(death(to_returned) == SIGILL);
	check(death(to_nowhere) == SIGILL);
	return failed;
}
