/* SPDX-License-Identifier: MIT */
/* The floating-point environment: the processor's, and each thread's own. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static volatile double one = 1, three = 3, ten = 10, zero = 0, tenth = 0.1;
static volatile float onef = 1, threef = 3;
static volatile uint64_t none;

static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };

/* What the last bits of 1/3, -1/3 and 1/10 say. */
static int mode_of_arithmetic(void)
{
	double up = one / three, down = -one / three;

	if (up == 0x1.5555555555556p-2)
		return FE_UPWARD;
	if (down == -0x1.5555555555556p-2)
		return FE_DOWNWARD;
	return one / ten == 0x1.999999999999ap-4 ? FE_TONEAREST : FE_TOWARDZERO;
}

static void t_mode(int want)
{
	t_check(fegetround() == want);
	t_check(mode_of_arithmetic() == want);
}

static void rounding(void)
{
	volatile float third;
	volatile double x;

	t_mode(FE_TONEAREST);
	for (int i = 0; i < 4; i++) {
		t_check(fesetround(modes[i]) == 0);
		t_mode(modes[i]);
		third = onef / threef;
		t_check(third == (modes[i] == FE_TONEAREST || modes[i] == FE_UPWARD ?
			0x1.555556p-2f : 0x1.555554p-2f));
		/* conversions are operations, too; constants are not */
		x = none;
		t_check(!signbit(x));
		third = 0.3f;
		t_check(third == 0x1.333334p-2f);
		x = -2.5;
		t_check(rint(x) == (modes[i] == FE_DOWNWARD ? -3 : -2));
		t_check(lrint(x) == (modes[i] == FE_DOWNWARD ? -3 : -2));
		t_check(floor(x) == -3);
		t_check((int)x == -2);
	}
	t_check(fesetround(12345) != 0);
	t_mode(FE_TOWARDZERO);
	fesetround(FE_TONEAREST);
}

static void t_raised(int want)
{
	int got = fetestexcept(FE_ALL_EXCEPT);

	if (got != want)
		t_error("raised %#x, not %#x\n", got, want);
	t_check(feclearexcept(FE_ALL_EXCEPT) == 0);
	t_check(fetestexcept(FE_ALL_EXCEPT) == 0);
}

static void exceptions(void)
{
	volatile double x = DBL_MAX, y = DBL_MIN, n = NAN;
	volatile int i;
	fenv_t env;

	feclearexcept(FE_ALL_EXCEPT);
	x = one + one;
	t_raised(0);
	x = one / zero;
	t_raised(FE_DIVBYZERO);
	x = zero / zero;
	t_raised(FE_INVALID);
	x = sqrt(-one);
	t_raised(FE_INVALID);
	x = DBL_MAX;
	x = x * x;
	t_raised(FE_OVERFLOW | FE_INEXACT);
	y = y * y;
	t_raised(FE_UNDERFLOW | FE_INEXACT);
	x = one / three;
	t_raised(FE_INEXACT);
	x = 1e10;
	i = x;
	t_raised(FE_INVALID);
	x = nearbyint(tenth);
	t_raised(0);
	i = isless(n, one) + isgreaterequal(one, n) + isunordered(n, n);
	t_check(i == 1);
	t_raised(0);

	for (int e = 1; e < FE_ALL_EXCEPT; e <<= 1) {
		if (!(e & FE_ALL_EXCEPT))
			continue;
		t_check(feraiseexcept(e) == 0);
		t_raised(e);
	}

	feraiseexcept(FE_OVERFLOW);
	fesetround(FE_UPWARD);
	t_check(feholdexcept(&env) == 0);
	t_mode(FE_UPWARD);
	t_raised(FE_INEXACT);
	t_check(fesetenv(FE_DFL_ENV) == 0);
	t_mode(FE_TONEAREST);
	feclearexcept(FE_ALL_EXCEPT);
	feraiseexcept(FE_DIVBYZERO);
	t_check(feupdateenv(&env) == 0);
	t_check(fegetround() == FE_UPWARD);
	t_raised(FE_OVERFLOW | FE_DIVBYZERO);
	fesetround(FE_TONEAREST);
}

/* The kernel and the host leave it alone. */
static void survives_the_kernel(void)
{
	struct timespec t = { 0, 1000000 };
	char buf[4096], *p;

	fesetround(FE_DOWNWARD);
	feraiseexcept(FE_DIVBYZERO);
	for (int i = 0; i < 10; i++) {
		nanosleep(&t, NULL);
		snprintf(buf, sizeof(buf), "/proc/%d/stat", i ? getpid() : 1);
		access(buf, R_OK);
		p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(p, 1, 1 << 20);
		munmap(p, 1 << 20);
	}
	t_check(fegetround() == FE_DOWNWARD);
	t_check(mode_of_arithmetic() == FE_DOWNWARD);
	t_check(fetestexcept(FE_DIVBYZERO));
	t_check(fesetenv(FE_DFL_ENV) == 0);
}

static volatile int mode_in_handler, raised_in_handler, handled;

static void handler(int sig)
{
	mode_in_handler = fegetround();
	raised_in_handler = fetestexcept(FE_ALL_EXCEPT);
	fesetround(FE_TOWARDZERO);
	feraiseexcept(FE_OVERFLOW);
	handled++;
	(void)sig;
}

static void signals(void)
{
	struct itimerspec its = { .it_value.tv_nsec = 2000000 };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	timer_t timer;

	fesetenv(FE_DFL_ENV);
	fesetround(FE_UPWARD);
	feraiseexcept(FE_INVALID);
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	t_check(mode_in_handler == FE_TONEAREST);
	t_check(raised_in_handler == 0);
	t_check(fegetround() == FE_UPWARD);
	t_raised(FE_INVALID);

	/* one that comes between two instructions */
	signal(SIGUSR2, handler);
	handled = 0;
	mode_in_handler = -1;
	t_check(timer_create(CLOCK_MONOTONIC, &ev, &timer) == 0);
	t_check(timer_settime(timer, 0, &its, NULL) == 0);
	while (!handled)
		t_check(mode_of_arithmetic() == FE_UPWARD);
	t_check(mode_in_handler == FE_TONEAREST);
	t_mode(FE_UPWARD);
	timer_delete(timer);
	t_check(!fetestexcept(FE_OVERFLOW));
	fesetenv(FE_DFL_ENV);
}

static volatile int stop;

/* Threads that take turns wherever they are. */
static void *spin(void *arg)
{
	int mode = *(const int *)arg;

	t_check(fegetround() == FE_UPWARD);	/* its creator's */
	t_check(fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO);
	fesetround(mode);
	while (!stop)
		t_check(mode_of_arithmetic() == mode);
	t_check(fegetround() == mode);
	return NULL;
}

static void threads(void)
{
	struct timespec t = { 0, 50000000 };
	pthread_t th[4];

	fesetenv(FE_DFL_ENV);
	fesetround(FE_UPWARD);
	feraiseexcept(FE_DIVBYZERO);
	for (int i = 0; i < 4; i++)
		t_check(pthread_create(&th[i], NULL, spin, (void *)&modes[i]) == 0);
	nanosleep(&t, NULL);
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	t_check(fegetround() == FE_UPWARD);
	fesetenv(FE_DFL_ENV);
}

static void processes(void)
{
	int status;
	pid_t pid;

	fesetround(FE_TOWARDZERO);
	feraiseexcept(FE_UNDERFLOW);
	pid = fork();
	if (!pid) {
		t_check(fetestexcept(FE_ALL_EXCEPT) == FE_UNDERFLOW);
		t_mode(FE_TOWARDZERO);
		fesetround(FE_UPWARD);
		execl("/proc/self/exe", "fenv", "new", NULL);
		_exit(2);
	}
	t_check(waitpid(pid, &status, 0) == pid && status == 0);
	t_mode(FE_TOWARDZERO);
	fesetenv(FE_DFL_ENV);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		/* a new program starts with the default one */
		t_check(fetestexcept(FE_ALL_EXCEPT) == 0);
		t_mode(FE_TONEAREST);
		return t_status;
	}
	(void)argv;
	rounding();
	exceptions();
	survives_the_kernel();
	signals();
	threads();
	processes();
	return t_status;
}
