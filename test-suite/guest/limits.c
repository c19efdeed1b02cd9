/* SPDX-License-Identifier: MIT */
/* setrlimit: what is refused, and how. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static size_t page;

static void set(int what, rlim_t n)
{
	struct rlimit r;

	t_check(getrlimit(what, &r) == 0);
	r.rlim_cur = n;
	t_check(setrlimit(what, &r) == 0);
}

static rlim_t get(int what)
{
	struct rlimit r = { 0, 0 };

	t_check(getrlimit(what, &r) == 0);
	return r.rlim_cur;
}

static char *map(size_t n, int prot)
{
	return mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static char *set_break(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

/* Without stdio, which would map memory. */
static long kib(const char *key)
{
	static char text[4096];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);
	char *p;

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	p = strstr(text, key);
	return p ? atol(p + strlen(key)) : -1;
}

static void address_space(void)
{
	size_t used = kib("VmSize:") * 1024;
	char *p, *q, *brk = set_break(NULL);
	void *volatile none;	/* or the compiler knows better */

	set(RLIMIT_AS, used + 16 * page);
	p = map(8 * page, PROT_READ);
	t_check(p != MAP_FAILED && map(9 * page, PROT_READ) == MAP_FAILED && errno == ENOMEM);
	q = map(8 * page, PROT_NONE);
	t_check(q != MAP_FAILED && map(1, PROT_READ) == MAP_FAILED && errno == ENOMEM);
	t_check(mremap(p, 8 * page, 9 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
	none = malloc(4 << 20);
	t_check(set_break(brk + 2 * page) == brk && none == NULL && errno == ENOMEM);
	/* in place of another it needs no more */
	t_check(mmap(p, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	t_check(munmap(q, page) == 0 && map(page, PROT_READ) != MAP_FAILED);
	set(RLIMIT_AS, RLIM_INFINITY);
	p = malloc(4 << 20);
	t_check(p != NULL);
	free(p);
}

static void data(void)
{
	size_t used = kib("VmData:") * 1024;
	char *p, *brk = set_break(NULL);

	set(RLIMIT_DATA, used + 4 * page);
	t_check(map(5 * page, PROT_READ | PROT_WRITE) == MAP_FAILED && errno == ENOMEM);
	t_check(set_break(brk + 6 * page) == brk);
	p = map(100 * page, PROT_READ);
	t_check(p != MAP_FAILED && mprotect(p, 10 * page, PROT_READ | PROT_WRITE) == -1);
	t_check(errno == ENOMEM && mprotect(p, 2 * page, PROT_READ | PROT_WRITE) == 0);
	t_check(munmap(p, 100 * page) == 0);
	set(RLIMIT_DATA, RLIM_INFINITY);
}

static void files(void)
{
	int fd[64], n = 0, i;

	set(RLIMIT_NOFILE, 20);
	while (n < 64 && (fd[n] = open("/dev/null", O_RDONLY)) >= 0)
		t_check(fd[n++] < 20);
	t_check(n > 0 && n <= 17 && errno == EMFILE);
	t_check(dup(fd[0]) == -1 && errno == EMFILE);
	t_check(dup2(fd[0], 20) == -1 && errno == EBADF);
	t_check(fcntl(fd[0], F_DUPFD, 20) == -1 && errno == EINVAL);
	t_check(pipe(fd + n) == -1 && errno == EMFILE);
	for (i = 0; i < n; i++)
		close(fd[i]);
	set(RLIMIT_NOFILE, 1000);
}

static volatile sig_atomic_t got;
static void note(int sig) { got = sig; }

static void file_size(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	signal(SIGXFSZ, note);
	set(RLIMIT_FSIZE, 1000);
	got = 0;
	t_check(fd >= 0 && pwrite(fd, "0123456789", 10, 995) == 5 && got == 0);
	t_check(pwrite(fd, "x", 1, 1000) == -1 && errno == EFBIG && got == SIGXFSZ);
	got = 0;
	t_check(ftruncate(fd, 1001) == -1 && errno == EFBIG && got == SIGXFSZ);
	got = 0;
	t_check(ftruncate(fd, 1000) == 0 && got == 0);
	set(RLIMIT_FSIZE, RLIM_INFINITY);
	t_check(pwrite(fd, "x", 1, 1000) == 1);
	close(fd);
	unlink(name);
}

/* --- in a child of their own --- */

static sigjmp_buf out;
static volatile uintptr_t fault;
static char other[65536];

static void jumps(int sig, siginfo_t *info, void *context)
{
	fault = (uintptr_t)info->si_addr;
	siglongjmp(out, 1);
	(void)sig, (void)context;
}

static int deep(volatile char *from);
static int (*volatile deep_call)(volatile char *) = deep;

static int deep(volatile char *from)
{
	volatile char buf[16384];

	buf[0] = from[0];
	return deep_call(buf) + buf[0];
}

static int stack(void)
{
	struct sigaction a = { .sa_sigaction = jumps, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t alt = { .ss_sp = other, .ss_size = sizeof other };
	char here = 0;
	uintptr_t first;

	t_check(get(RLIMIT_STACK) == 1 << 20);
	sigaltstack(&alt, NULL);
	sigaction(SIGSEGV, &a, NULL);
	if (sigsetjmp(out, 1) == 0)
		deep_call(&here);
	first = (uintptr_t)&here - fault;
	if (first > (1 << 20) + 32768 || first < 700 << 10)
		t_error("%zu KiB of stack instead of 1 MiB\n", first >> 10);
	/* it is asked for at each fault */
	set(RLIMIT_STACK, 2 << 20);
	if (sigsetjmp(out, 1) == 0)
		deep_call(&here);
	first = (uintptr_t)&here - fault;
	if (first > (2 << 20) + 32768 || first < 1700 << 10)
		t_error("%zu KiB of stack instead of 2 MiB\n", first >> 10);
	return t_status;
}

static void *nothing(void *arg) { return arg; }
static pthread_barrier_t all;
static void *waits(void *arg)
{
	pthread_barrier_wait(&all);
	return arg;
}

static int processes(void)
{
	char *argv[] = { (char *)"limits", (char *)"nothing", NULL };
	pthread_t t[10];
	pid_t pid;
	int i, n = 0, parent = getuid() != 0;

	/* root is not limited */
	if (!parent && (setgid(1000) || setuid(1000)))
		return 1;
	set(RLIMIT_NPROC, 5 + parent);
	pthread_barrier_init(&all, NULL, 5);
	while (n < 10 && pthread_create(&t[n], NULL, waits, NULL) == 0)
		n++;
	if (n != 4)
		t_error("%d threads beside the first instead of 4\n", n);
	t_check(pthread_create(&t[n], NULL, nothing, NULL) == EAGAIN);
	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == EAGAIN);
	if (n != 4)
		return t_status;
	pthread_barrier_wait(&all);
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
	t_check(waitpid(pid, &i, 0) == pid && i == 0);
	return t_status;
}

static int cpu(void)
{
	set(RLIMIT_CPU, 1);
	for (;;)
		;
}

static int child(const char *what)
{
	int fd;

	if (strcmp(what, "stack") == 0)
		return stack();
	if (strcmp(what, "processes") == 0)
		return processes();
	if (strcmp(what, "cpu") == 0)
		return cpu();
	if (strcmp(what, "size") == 0) {
		set(RLIMIT_FSIZE, 10);
		fd = open("limits-size", O_RDWR | O_CREAT, 0600);
		unlink("limits-size");
		write(fd, "0123456789", 10);
		write(fd, "x", 1);
		return 99;
	}
	return 0;
}

static int run(const char *what)
{
	char *argv[] = { (char *)"limits", (char *)what, NULL };
	int status = -1;
	pid_t pid;

	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

static void inherited(void)
{
	rlim_t old = get(RLIMIT_STACK);
	struct rlimit r;
	int status;

	set(RLIMIT_STACK, 1 << 20);
	t_check(run("stack") == 0);
	set(RLIMIT_STACK, old);
	t_check(run("processes") == 0);
	status = run("size");
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
	status = run("cpu");
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
	t_check(getrlimit(RLIMIT_CORE, &r) == 0);
	r.rlim_cur = r.rlim_max = 0;
	t_check(setrlimit(RLIMIT_CORE, &r) == 0);
	t_check(setrlimit(99, &r) == -1 && errno == EINVAL);
	r.rlim_cur = 2;
	r.rlim_max = 1;
	t_check(setrlimit(RLIMIT_CORE, &r) == -1 && errno == EINVAL);
}

int main(int argc, char **argv)
{
	page = sysconf(_SC_PAGESIZE);
	if (argc > 1)
		return child(argv[1]);
	address_space();
	data();
	files();
	file_size("/tmp/limits");
	file_size("limits-size");
	inherited();
	return t_status;
}
