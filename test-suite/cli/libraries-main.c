/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include "libraries-load.h"

#define WANT(x) do { if (!(x)) { printf("%d: %s\n", __LINE__, #x); failed = 1; } } while (0)

static int failed;
int main_data = 5;

int main_call(int (*f)(int), int x)
{
	return f(x) + main_data;
}

static struct symbol own[] = {
	{ "main_data" }, { "main_call" }, { 0 },
};

static struct library libs[3];

static int plus_one(int x)
{
	return x + 1;
}

/* Not what it is called as: the second argument is 0 then. */
static int two_arguments(int x, int y)
{
	return x + 10 + y;
}

static int fork_here(int x)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		return x + 1000;
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static void calls(void)
{
	int (*add)(int, int) = address(&libs[0], "one_add");
	int (*(*function)(void))(int) = address(&libs[0], "one_function");
	int (*cycle)(int) = address(&libs[0], "one_cycle");
	int (*callback)(int (*)(int), int) = address(&libs[0], "one_callback");
	double (*floats)(double, float, long long) = address(&libs[1], "two_floats");
	int (*direct)(int (*)(int), int) = address(&libs[0], "one_direct");
	int *data = address(&libs[0], "one_data");

	WANT(*data == 142);
	WANT(direct(plus_one, 1) == 3);
	WANT(direct((int (*)(int))two_arguments, 1) == 12);
	/* of a type that only the library has */
	WANT(((int (*)(double, float, long long))address(&libs[0], "one_add"))(1, 2, 3) == 3 + 142);
	WANT(add(1, 2) == 145);
	*data = 10;
	WANT(add(1, 2) == 13);
	WANT(function()(3) == 10);
	WANT(cycle(0) == 5);
	WANT(cycle(3) == 5 + 3 * 7 + 3 + 2 + 1);
	WANT(callback(plus_one, 1) == 7);
	WANT(floats(1.5, 2.5f, 1ll << 40) == 4 + (double)(1ll << 40));
}

/* The child's words are its own; it links more, its parent does not see that. */
static void forks(void)
{
	int (*callback)(int (*)(int), int) = address(&libs[0], "one_callback");
	int *data = address(&libs[0], "one_data");
	pid_t self = getpid();
	int r = callback(fork_here, 0);

	if (getpid() != self) {
		*data = 1;
		_exit(r == 1005 ? 77 : 78);
	}
	WANT(r == 77 + 5);
	WANT(*data == 10);
}

static void *thread(void *arg)
{
	int (*cycle)(int) = address(&libs[0], "one_cycle");
	long n = 0;

	for (int i = 0; i < 1000; i++)
		n += cycle(i % 4);
	return (void *)n;
}

static void threads(void)
{
	pthread_t t[4];
	void *r;

	for (int i = 0; i < 4; i++)
		WANT(!pthread_create(&t[i], NULL, thread, NULL));
	for (int i = 0; i < 4; i++) {
		WANT(!pthread_join(t[i], &r));
		WANT((long)r == 250 * (5 + (5 + 8) + (5 + 14 + 3) + (5 + 21 + 6)));
	}
}

static volatile int stop;
static int seen;

static void on_signal(int sig)
{
	int (*add)(int, int) = address(&libs[0], "one_add");

	seen = add(sig, 0);
	stop = 1;
}

static int leave_at_once;

static void on_alarm_fork(int sig)
{
	if (!fork()) {
		seen = 99;
		if (leave_at_once)
			_exit(5);
	}
	stop = 1;
}

static void signals(void)
{
	void (*spin)(volatile int *) = address(&libs[1], "two_spin");
	int status, me = getpid();

	signal(SIGALRM, on_signal);
	ualarm(20000, 0);
	spin(&stop);
	WANT(seen == SIGALRM + 10);
	stop = 0;
	seen = 0;
	signal(SIGALRM, on_alarm_fork);
	ualarm(20000, 0);
	spin(&stop);
	if (getpid() != me)
		_exit(seen == 99 ? 5 : 6);
	WANT(wait(&status) > 0);
	WANT(WEXITSTATUS(status) == 5);
}

static void jump(jmp_buf to, int x)
{
	int (*callback)(int (*)(int), int) = address(&libs[0], "one_callback");

	if (x < 0)
		callback(plus_one, x);
	longjmp(to, 100);
}

static void jumps(void)
{
	jmp_buf unused;
	int (*two_jump)(void (*)(jmp_buf, int), int) = address(&libs[1], "two_jump");

	/* or there is no longjmp in this program */
	if (setjmp(unused))
		return;
	for (int i = -5; i < 5; i++)
		WANT(two_jump(jump, i) == 100 + i + 1);
}

static void maps(void)
{
	char line[256];
	int found = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "r-xp 00000000") && strstr(line, "one.so"))
			found++;
	if (f)
		fclose(f);
	WANT(found == 1);
}

/* What is wrong is refused, and the process goes on. */
static void refusals(void)
{
	static char error[256];
	static uint32_t values[10000];
	struct wasm_module m = {
		.text = (uint32_t)libs[2].text, .memory_base = libs[2].memory_base,
		.table_base = libs[2].table_base, .nvalues = libs[2].nimports,
		.values = (uint32_t)values, .error = (uint32_t)error, .error_size = sizeof(error),
	};
	struct wasm_module bad;

#define REFUSED(err, ...) do { \
	bad = m; \
	__VA_ARGS__; \
	*error = 0; \
	int r_ = __syscall_wasm_link(&bad, 1, 0); \
	if (r_ != -err) \
		printf("%d: %d %s\n", __LINE__, r_, error), failed = 1; \
} while (0)
	REFUSED(EINVAL, bad.text++);
	REFUSED(EINVAL, bad.text = (uint32_t)values & -65536);
	REFUSED(EINVAL, bad.nvalues = 0);
	REFUSED(EINVAL, bad.nvalues++);
	REFUSED(E2BIG, bad.nvalues = 10001);
	REFUSED(EFAULT, bad.values = -4);
	REFUSED(EINVAL, bad.table_base = 1);
	REFUSED(EINVAL, bad.table_base = 15);
	REFUSED(EINVAL, bad.table_base = 16);
	REFUSED(EINVAL, bad.table_base = 0xffffffff);
	REFUSED(EINVAL, bad.table_base = 1 << 20);
	REFUSED(EINVAL, bad.table_base = libs[0].table_base);
	REFUSED(EINVAL, for (int i = 0; i < 100; i++) values[i] = 0x7fffffff);
	REFUSED(EINVAL, for (int i = 0; i < 100; i++) values[i] = 4000);
	REFUSED(ENOEXEC, for (int i = 0; i < 100; i++) values[i] = (uint32_t)address(&libs[1], "two_floats"));
	WANT(strstr(error, "with type (i32 i32) -> i32, its type is (f64 f32 i64) -> f64"));
	WANT(__syscall_wasm_link(&m, 1, 1) == -EINVAL);
	WANT(__syscall_wasm_link(&m, 257, 0) == -E2BIG);
	WANT(__syscall_wasm_link((void *)-4, 1, 0) == -EFAULT);
	WANT(__syscall_wasm_link(NULL, 0, 0) == 0);
	bad = m;
	bad.text = (uint32_t)libs[0].text;
	bad.nvalues = libs[0].nimports;
	WANT(__syscall_wasm_link(&bad, 1, 0) == -EBUSY);
	/* a library that is there, at its place, gets other values, or keeps those that it has */
	bad.table_base = libs[0].table_base;
	bad.memory_base = libs[0].memory_base;
	bad.tls = libs[0].tls;
	for (int i = 0; i < 100; i++)
		values[i] = 0x7fffffff;
	WANT(__syscall_wasm_link(&bad, 1, 0) == -EINVAL);
	bad.values = (uint32_t)values_of(&libs[0], libs, 3, own);
	WANT(__syscall_wasm_link(&bad, 1, 0) == 0);
}

int main(int argc, char **argv)
{
	static int block[16];
	int r;

	own[0].value = (uint32_t)&main_data;
	own[1].value = (uint32_t)&main_call;
	WANT(!map_library(&libs[0], "one.so"));
	WANT(!map_library(&libs[1], "two.so"));
	if (failed)
		return 1;
	r = link_libraries(libs, 0, 2, own);
	if (r) {
		printf("%s\n", libs[0].error);
		return -r;
	}
	if (argc > 1 && *argv[1] == 'd')
		return ((int (*)(int))address(&libs[1], "two_divide"))(1);
	if (argc > 1 && *argv[1] == 'l')
		return ((int (*)(void *))address(&libs[1], "two_load"))((void *)0x1234);
	/* goes on in another process */
	if (argc > 1 && *argv[1] == 'w' && getchar() == EOF)
		return 1;
	/* the child of such a handler cannot return from it in JavaScript: doc/web.md */
	leave_at_once = argc > 1 && *argv[1] == 'j';
	calls();
	maps();
	forks();
	threads();
	signals();
	jumps();
	WANT(!map_library(&libs[2], "three.so"));
	refusals();
	/* this thread's block; libc has them at one distance in all threads */
	libs[2].tls = (uint32_t)block - (uint32_t)__builtin_wasm_tls_base();
	r = link_libraries(libs, 2, 3, own);
	WANT(!r);
	if (r)
		return 1;
	WANT(((int (*)(int))address(&libs[2], "three"))(1) == 1 + 2 + 10);
	((void (*)(void *))address(&libs[2], "__wasm_init_tls"))(block);
	WANT(((int (*)(void))address(&libs[2], "three_count"))() == 10);
	WANT(((int (*)(void))address(&libs[2], "three_count"))() == 11);
	WANT(block[0] == 11);
	return failed;
}
