/* SPDX-License-Identifier: MIT */
/* Threads: their attributes, how many there may be, and how they and their
 * process end; set*id for all of them; C11's. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>
#include "test.h"

/* --- attributes --- */

static sigjmp_buf env;
static char *volatile fault_at;
static void jumps(int sig, siginfo_t *si, void *c)
{
	fault_at = si->si_addr;
	siglongjmp(env, sig);
	(void)c;
}

static void *looks_at_itself(void *arg)
{
	size_t size, guard;
	pthread_attr_t a;
	char *low;
	volatile char c;

	t_check(!pthread_getattr_np(pthread_self(), &a));
	t_check(!pthread_attr_getstack(&a, (void **)&low, &size));
	t_check(!pthread_attr_getguardsize(&a, &guard) && guard >= 65536);
	t_check(size >= 300000 && &c > low && &c < low + size);
	if (sigsetjmp(env, 1) == 0) {
		low[-1] = 1;
		t_error("wrote below the stack\n");
	}
	t_check(fault_at == low - 1);
	return arg;
}

static int overflows(int n)
{
	volatile int big[1000];

	big[n % 1000] = n;
	return n ? overflows(n - 1) + big[n / 2 % 1000] : 0;
}

/* Of its own stack in memory, with a handler on another. */
static void *overflows_stack(void *arg)
{
	static char alt[65536];
	stack_t s = { .ss_sp = alt, .ss_size = sizeof alt };

	sigaltstack(&s, NULL);
	fault_at = NULL;
	if (sigsetjmp(env, 1) == 0) {
		overflows(1000);
		t_error("4 MB on a stack of 300 KB\n");
	}
	t_check(fault_at != NULL);
	return arg;
}

static void *has_policy(void *arg)
{
	struct sched_param p;
	int policy;

	t_check(!pthread_getschedparam(pthread_self(), &policy, &p));
	t_check(policy == SCHED_RR && p.sched_priority == 3);
	return arg;
}

static void attributes(void)
{
	struct sigaction sa = { .sa_sigaction = jumps, .sa_flags = SA_SIGINFO | SA_ONSTACK }, old;
	struct sched_param p = { 3 };
	pthread_attr_t a;
	pthread_t t;
	size_t n;
	int i;

	t_check(!pthread_attr_init(&a) && !pthread_attr_setstacksize(&a, 300000));
	t_check(!pthread_attr_getstacksize(&a, &n) && n == 300000);
	t_check(pthread_attr_setstacksize(&a, 10) == EINVAL);
	t_check(!pthread_attr_setguardsize(&a, 65536));
	t_check(!sigaction(SIGSEGV, &sa, &old));
	for (i = 0; i < 3; i++) {
		t_check(!pthread_create(&t, &a, looks_at_itself, NULL) && !pthread_join(t, NULL));
		t_check(!pthread_create(&t, &a, overflows_stack, NULL) && !pthread_join(t, NULL));
	}
	sigaction(SIGSEGV, &old, NULL);

	t_check(!pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED));
	t_check(!pthread_attr_setschedpolicy(&a, SCHED_RR) && !pthread_attr_setschedparam(&a, &p));
	t_check(!pthread_create(&t, &a, has_policy, NULL) && !pthread_join(t, NULL));
	pthread_attr_destroy(&a);
	t_check(!pthread_getschedparam(pthread_self(), &i, &p) && i == SCHED_OTHER);
	p.sched_priority = 4;
	t_check(!pthread_setschedparam(pthread_self(), SCHED_FIFO, &p));
	t_check(!pthread_getschedparam(pthread_self(), &i, &p) && i == SCHED_FIFO);
	t_check(p.sched_priority == 4);
	p.sched_priority = 0;
	t_check(!pthread_setschedparam(pthread_self(), SCHED_OTHER, &p));
}

/* --- many --- */

static atomic_int running, stop;
static sem_t let_go;
static __thread int mine[20] = { 9 };

static void *lives(void *arg)
{
	t_check(mine[0]++ == 9 && mine[19]++ == 0);
	running++;
	while (sem_wait(&let_go))
		;
	sem_post(&let_go);
	t_check(mine[0] == 10 && mine[19] == 1);
	return arg;
}

/* How many of max could be made; all end and are joined. */
static int together(int max, const pthread_attr_t *a, int want)
{
	pthread_t *t = calloc(max, sizeof *t);
	void *result;
	int i, n, r = 0;

	running = 0;
	sem_init(&let_go, 0, 0);
	for (n = 0; n < max; n++)
		if ((r = pthread_create(&t[n], a, lives, &t[n])))
			break;
	if (r != want)
		t_error("after %d threads: %s\n", n, strerror(r));
	for (i = 0; running < n && i < 5000; i++)
		usleep(1000);
	t_check(running == n);
	sem_post(&let_go);
	for (i = 0; i < n; i++)
		t_check(!pthread_join(t[i], &result) && result == &t[i]);
	free(t);
	return n;
}

static void many(void)
{
	struct rlimit old, few;
	pthread_attr_t a;
	int n;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 65536);
	t_check(together(1000, &a, 0) == 1000);

	/* no more than memory, here addresses, lets be */
	getrlimit(RLIMIT_AS, &old);
	few = old;
	few.rlim_cur = 64 << 20;
	t_check(!setrlimit(RLIMIT_AS, &few));
	pthread_attr_setstacksize(&a, 1 << 20);
	n = together(1000, &a, EAGAIN);
	t_check(n > 10 && n < 64);
	setrlimit(RLIMIT_AS, &old);
	t_check(together(100, &a, 0) == 100);
	pthread_attr_destroy(&a);
}

/* --- ends --- */

static int result_of(void (*f)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		f();
		_exit(99);
	}
	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

static pthread_t start(void *(*f)(void *))
{
	pthread_t t;

	t_check(!pthread_create(&t, NULL, f, NULL));
	return t;
}

static void *exits(void *arg) { usleep(1000); exit(11); }
static void *spins(void *arg) { for (;;) ; }
static void *waits(void *arg) { for (;;) pause(); }
static void *killed(void *arg) { kill(getpid(), SIGKILL); return arg; }
static void *aborts(void *arg) { abort(); }
static void *segfaults(void *arg) { *(volatile int *)arg = 1; return arg; }
static void *later(void *arg) { usleep(5000); exit(12); }

static void others(void) { start(spins); start(waits); start(spins); }
static void other_exits(void) { others(); start(exits); for (;;) ; }
static void main_exits(void) { others(); usleep(1000); exit(13); }
static void main_leaves(void) { start(later); pthread_exit(NULL); }
static void other_kills(void) { others(); start(killed); pause(); }
static void other_aborts(void) { others(); start(aborts); pause(); }
static void other_segfaults(void) { others(); start(segfaults); pause(); }

static void *execs(void *arg)
{
	execl("/proc/self/exe", "child", "exec", NULL);
	_exit(98);
}
static void other_execs(void) { others(); start(execs); for (;;) ; }

static void ends(void)
{
	int s;

	t_check(WEXITSTATUS(result_of(other_exits)) == 11);
	t_check(WEXITSTATUS(result_of(main_exits)) == 13);
	t_check(WEXITSTATUS(result_of(main_leaves)) == 12);
	s = result_of(other_kills);
	t_check(WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL);
	s = result_of(other_aborts);
	t_check(WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT);
	s = result_of(other_segfaults);
	t_check(WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV);
	s = result_of(other_execs);
	t_check(WIFEXITED(s) && WEXITSTATUS(s) == 44);
}

/* --- set*id: all threads of a process have the same --- */

static sem_t changed;
static atomic_int as_it_should;

static void *has_uid(void *arg)
{
	running++;
	while (sem_wait(&changed))
		;
	as_it_should += getuid() == 1000 && geteuid() == 1000 && getgid() == 1001;
	return arg;
}

static void *has_uid_busy(void *arg)
{
	running++;
	while (!stop)
		;
	as_it_should += getuid() == 1000 && geteuid() == 1000 && getgid() == 1001;
	return arg;
}

static void set_ids(void)
{
	pthread_t t[20];
	int i;

	running = 0;
	sem_init(&changed, 0, 0);
	for (i = 0; i < 20; i++)
		t[i] = start(i % 2 ? has_uid : has_uid_busy);
	while (running < 20)
		usleep(1000);
	if (setgid(1001) || setuid(1000))
		_exit(1);
	stop = 1;
	for (i = 0; i < 20; i++)
		sem_post(&changed);
	for (i = 0; i < 20; i++)
		pthread_join(t[i], NULL);
	_exit(as_it_should == 20 ? 0 : 2);
}

/* --- C11 --- */

static mtx_t mtx;
static cnd_t cnd;
static tss_t tss;
static once_flag flag = ONCE_FLAG_INIT;
static int once_calls, sum;
static atomic_int destroyed;
static _Thread_local int local = 3;

static void once(void) { once_calls++; }
static void destroy(void *p) { destroyed += (intptr_t)p; }

static int works(void *arg)
{
	int i;

	call_once(&flag, once);
	tss_set(tss, (void *)1);
	for (i = 0; i < 100; i++) {
		mtx_lock(&mtx);
		sum++;
		mtx_unlock(&mtx);
		thrd_yield();
	}
	local++;
	mtx_lock(&mtx);
	cnd_signal(&cnd);
	mtx_unlock(&mtx);
	if ((intptr_t)arg == 3)
		thrd_exit(33);
	return (intptr_t)arg + local;
}

static void c11(void)
{
	struct timespec t;
	thrd_t th[5];
	intptr_t i;
	int r;

	t_check(mtx_init(&mtx, mtx_timed) == thrd_success && cnd_init(&cnd) == thrd_success);
	t_check(tss_create(&tss, destroy) == thrd_success);
	for (i = 0; i < 5; i++)
		t_check(thrd_create(&th[i], works, (void *)i) == thrd_success);
	mtx_lock(&mtx);
	while (sum < 500)
		cnd_wait(&cnd, &mtx);
	t_check(mtx_trylock(&mtx) == thrd_busy);
	mtx_unlock(&mtx);
	for (i = 0; i < 5; i++)
		t_check(thrd_join(th[i], &r) == thrd_success && r == (i == 3 ? 33 : i + 4));
	mtx_lock(&mtx);
	timespec_get(&t, TIME_UTC);
	t_check(cnd_timedwait(&cnd, &mtx, &t) == thrd_timedout);
	mtx_unlock(&mtx);
	t_check(once_calls == 1 && destroyed == 5 && sum == 500 && local == 3);
	t_check(thrd_equal(thrd_current(), thrd_current()));
	t_check(thrd_sleep(&(struct timespec){ 0, 1000 }, NULL) == 0);
	mtx_destroy(&mtx);
	cnd_destroy(&cnd);
	tss_delete(tss);
}

int main(int argc, char **argv)
{
	int s;

	if (argc > 1)
		return 44;
	attributes();
	many();
	ends();
	s = result_of(set_ids);
	if (s)
		t_error("set*id: status %x\n", s);
	c11();
	return t_status;
}
