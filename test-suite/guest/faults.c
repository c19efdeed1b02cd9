/* SPDX-License-Identifier: MIT */
/*
 * Faults: where and why, on which stack, how one gets out of the handler, and
 * what becomes of a program without one.
 */
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
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static size_t page;
static sigjmp_buf out;
static volatile int sig, code;
static volatile uintptr_t addr, where;

static void jumps(int s, siginfo_t *info, void *context)
{
	volatile char here;

	sig = s;
	code = info->si_code;
	addr = (uintptr_t)info->si_addr;
	where = (uintptr_t)&here;
	siglongjmp(out, 1);
	(void)context;
}

static void handle(int flags)
{
	struct sigaction a = { .sa_sigaction = jumps, .sa_flags = SA_SIGINFO | flags };

	t_check(sigaction(SIGSEGV, &a, NULL) == 0 && sigaction(SIGBUS, &a, NULL) == 0);
}

static volatile uint64_t sink;

static void read1(uintptr_t p) { sink = *(volatile uint8_t *)p; }
static void write1(uintptr_t p) { *(volatile uint8_t *)p = 1; }
static void read8(uintptr_t p)
{
	uint64_t x;

	memcpy(&x, (void *)p, 8);
	sink = x;
}
static void write8(uintptr_t p)
{
	uint64_t x = sink;

	memcpy((void *)p, &x, 8);
}
static void fill(uintptr_t p) { memset((void *)p, 7, 3 * page); }
static void copy_from(uintptr_t p)
{
	static char to[3 << 16];

	memcpy(to, (void *)p, 3 * page);
	sink = *(volatile char *)to;
}
static void add(uintptr_t p) { __atomic_fetch_add((int *)p, 1, __ATOMIC_SEQ_CST); }

/* Does f(p) fault, with this signal and code, at this address? */
static void faults(int line, void (*f)(uintptr_t), uintptr_t p, int s, int c, uintptr_t at)
{
	sig = 0;
	if (sigsetjmp(out, 1) == 0) {
		f(p);
		t_error("line %d: no fault at %#lx\n", line, (long)p);
	} else if (sig != s || code != c || addr != at) {
		t_error("line %d: signal %d code %d at %#lx instead of %d, %d, %#lx\n", line,
			sig, code, (long)addr, s, c, (long)at);
	}
}
#define FAULTS(...) faults(__LINE__, __VA_ARGS__)

static void wild(void)
{
	static const uint32_t places[] = {
		0, 1, 8, 4095, 65535, 0x80000000, 0xc0000000, 0xe0000000, 0xffff0000,
		0xffff8000, 0xfffffff0, 0xfffffff8, 0xffffffff,
	};
	size_t i;

	for (i = 0; i < sizeof places / sizeof *places; i++) {
		FAULTS(read1, places[i], SIGSEGV, SEGV_MAPERR, places[i]);
		FAULTS(write1, places[i], SIGSEGV, SEGV_MAPERR, places[i]);
	}
	for (i = 0xfffffff1; i; i++) {
		FAULTS(read8, i, SIGSEGV, SEGV_MAPERR, i);
		FAULTS(write8, i, SIGSEGV, SEGV_MAPERR, i);
	}
}

/* Two mapped pages, then one that is not, then one read-only, then none. */
static void edges(void)
{
	uintptr_t p = (uintptr_t)mmap(NULL, 5 * page, RW, ANON, -1, 0), gone = p + 2 * page,
		  ro = gone + page, end = ro + page, i;

	memset((void *)p, 1, 5 * page);
	t_check(munmap((void *)gone, page) == 0 && munmap((void *)end, page) == 0);
	t_check(mprotect((void *)ro, page, PROT_READ) == 0);
	for (i = 1; i < 8; i++) {
		FAULTS(read8, gone - i, SIGSEGV, SEGV_MAPERR, gone);
		FAULTS(write8, gone - i, SIGSEGV, SEGV_MAPERR, gone);
		FAULTS(write8, ro - i, SIGSEGV, SEGV_MAPERR, ro - i);
		FAULTS(read8, end - i, SIGSEGV, SEGV_MAPERR, end);
		read8(p + page - i);
		write8(p + page - i);
	}
	read8(gone - 8);
	FAULTS(read8, gone, SIGSEGV, SEGV_MAPERR, gone);
	FAULTS(write1, ro, SIGSEGV, SEGV_ACCERR, ro);
	FAULTS(write8, end - 8, SIGSEGV, SEGV_ACCERR, end - 8);
	FAULTS(add, ro + 4, SIGSEGV, SEGV_ACCERR, ro + 4);
	FAULTS(add, gone + 4, SIGSEGV, SEGV_MAPERR, gone + 4);
	/* what had room is done */
	FAULTS(fill, p, SIGSEGV, SEGV_MAPERR, gone);
	t_check(*(char *)p == 7);
	FAULTS(copy_from, p, SIGSEGV, SEGV_MAPERR, gone);
	t_check(*(char *)ro == 1 && mprotect((void *)p, 2 * page, PROT_NONE) == 0);
	FAULTS(read1, p, SIGSEGV, SEGV_ACCERR, p);
	FAULTS(write1, p + page, SIGSEGV, SEGV_ACCERR, p + page);
	t_check(mprotect((void *)p, 2 * page, PROT_READ) == 0 && *(char *)p == 7);
	FAULTS(write1, p, SIGSEGV, SEGV_ACCERR, p);
	t_check(munmap((void *)p, 5 * page) == 0);
	FAULTS(read1, p, SIGSEGV, SEGV_MAPERR, p);
}

static void end_of_file(const char *dir)
{
	char name[200];
	uintptr_t p, q;
	int fd;

	snprintf(name, sizeof name, "%s/faults-XXXXXX", dir);
	fd = mkstemp(name);
	t_check(fd >= 0 && ftruncate(fd, page + 1) == 0);
	p = (uintptr_t)mmap(NULL, 4 * page, RW, MAP_SHARED, fd, 0);
	q = (uintptr_t)mmap(NULL, 4 * page, RW, MAP_PRIVATE, fd, 0);
	write1(p + 2 * page - 1);
	write1(q + 2 * page - 1);
	FAULTS(read1, p + 2 * page, SIGBUS, BUS_ADRERR, p + 2 * page);
	FAULTS(write1, p + 3 * page + 5, SIGBUS, BUS_ADRERR, p + 3 * page + 5);
	FAULTS(read1, q + 2 * page, SIGBUS, BUS_ADRERR, q + 2 * page);
	FAULTS(write1, q + 3 * page, SIGBUS, BUS_ADRERR, q + 3 * page);
	/* the file shrinks below what is in use */
	t_check(ftruncate(fd, 0) == 0);
	FAULTS(read1, p, SIGBUS, BUS_ADRERR, p);
	FAULTS(write1, q + page, SIGBUS, BUS_ADRERR, q + page);
	t_check(write(fd, (void *)p, 1) == -1 && errno == EFAULT);
	t_check(ftruncate(fd, 4 * page) == 0);
	write1(p + 3 * page);
	read1(p);
	t_check(munmap((void *)p, 4 * page) == 0 && munmap((void *)q, 4 * page) == 0);
	close(fd);
	unlink(name);
}

/* The handler runs there, also for the overflow of the other stack. */
static char other[65536];

static int deep(volatile char *from);
static int (*volatile deep_call)(volatile char *) = deep;

static int deep(volatile char *from)
{
	volatile char buf[1000];

	buf[0] = from ? from[0] : 0;
	return deep_call(buf) + buf[0];
}

static void overflow(uintptr_t p) { sink = deep_call((char *)p); }

static void alternate_stack(void)
{
	stack_t alt = { .ss_sp = other, .ss_size = sizeof other }, old;
	struct rlimit l;
	char here = 0;
	int i;

	t_check(getrlimit(RLIMIT_STACK, &l) == 0);
	t_check(sigaltstack(&alt, &old) == 0);
	handle(SA_ONSTACK);
	FAULTS(write1, 16, SIGSEGV, SEGV_MAPERR, 16);
	t_check(where >= (uintptr_t)other && where < (uintptr_t)other + sizeof other);
	for (i = 0; i < 20; i++) {
		sig = 0;
		if (sigsetjmp(out, 1) == 0)
			overflow((uintptr_t)&here);
		t_check(sig == SIGSEGV && where - (uintptr_t)other < sizeof other);
		/* where the stack ended, not anywhere */
		t_check(addr < (uintptr_t)&here && addr > (uintptr_t)&here - l.rlim_cur - (2 << 20));
	}
	t_check(sigaltstack(&old, NULL) == 0);
	handle(0);
	FAULTS(write1, 16, SIGSEGV, SEGV_MAPERR, 16);
	t_check(labs((long)(where - (uintptr_t)&here)) < 100000);
}

static void many(void)
{
	volatile int i;
	int caught = 0;

	for (i = 0; i < 100000; i++) {
		if (sigsetjmp(out, 1) == 0)
			(i & 1 ? read1 : write1)(i & 2 ? 0x90000000u + i : i % 65536u);
		else
			caught += addr == (i & 2 ? 0x90000000u + i : i % 65536u);
	}
	t_check(caught == 100000);
}

/* A handler can also repair it, and the access is made again. */
static void repairs(int s, siginfo_t *info, void *context)
{
	char *p = (char *)((uintptr_t)info->si_addr / page * page);

	sig++;
	if (mprotect(p, page, RW))
		_exit(98);
	(void)s, (void)context;
}

static void repair(void)
{
	struct sigaction a = { .sa_sigaction = repairs, .sa_flags = SA_SIGINFO };
	char *p = mmap(NULL, 100 * page, PROT_NONE, ANON, -1, 0);
	int i;

	sig = 0;
	t_check(sigaction(SIGSEGV, &a, NULL) == 0);
	for (i = 0; i < 100; i++)
		p[i * page + i] = i;
	t_check(sig == 100);
	for (i = 0; i < 100; i++)
		t_check(p[i * page + i] == i);
	t_check(sig == 100 && mprotect(p, 2 * page, PROT_NONE) == 0);
	write8((uintptr_t)p + page - 3);
	t_check(sig == 102 && munmap(p, 100 * page) == 0);
	handle(0);
}

static void *faults_in_thread(void *arg)
{
	*(volatile int *)arg = 1;
	return NULL;
}

static unsigned small_frames(unsigned n);
static unsigned (*volatile again)(unsigned) = small_frames;

static unsigned small_frames(unsigned n)
{
	return n == 0 ? 1 : again(n - 1) * 3 + n;
}

static void returns(int s) { (void)s; }

static int child(const char *how)
{
	struct rlimit core = { 0, 0 };
	sigset_t set;
	pthread_t t;
	char *p;
	int fd;

	setrlimit(RLIMIT_CORE, &core);
	if (strcmp(how, "null") == 0)
		write1(0);
	if (strcmp(how, "wild") == 0)
		read1(0xfffffffe);
	if (strcmp(how, "call") == 0)
		((void (*)(void))(uintptr_t)0x7fffffff)();
	if (strcmp(how, "ignored") == 0) {
		signal(SIGSEGV, SIG_IGN);
		write1(0);
	}
	if (strcmp(how, "blocked") == 0) {
		signal(SIGSEGV, returns);
		sigfillset(&set);
		sigprocmask(SIG_BLOCK, &set, NULL);
		write1(0);
	}
	if (strcmp(how, "thread") == 0) {
		pthread_create(&t, NULL, faults_in_thread, NULL);
		pthread_join(t, NULL);
	}
	if (strcmp(how, "deep") == 0)
		return deep_call(NULL);
	if (strcmp(how, "native") == 0)
		return small_frames(1 << 30);
	if (strcmp(how, "caught deep") == 0) {
		/* no room for the handler's frame */
		signal(SIGSEGV, returns);
		return deep_call(NULL);
	}
	if (strcmp(how, "bus") == 0) {
		fd = memfd_create("bus", 0);
		p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
		read1((uintptr_t)p);
	}
	return 99;
}

static void dies(const char *how, int s)
{
	char *argv[] = { (char *)"faults", (char *)how, NULL };
	int status;
	pid_t pid;

	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
	t_check(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != s)
		t_error("%s: status %#x\n", how, status);
}

int main(int argc, char **argv)
{
	char here[150];

	page = sysconf(_SC_PAGESIZE);
	if (argc > 1)
		return child(argv[1]);
	handle(0);
	wild();
	edges();
	end_of_file("/tmp");
	t_check(getcwd(here, sizeof here) != NULL);
	end_of_file(here);
	alternate_stack();
many();
	repair();
	dies("null", SIGSEGV);
	dies("wild", SIGSEGV);
	dies("call", SIGSEGV);
	dies("ignored", SIGSEGV);
	dies("blocked", SIGSEGV);
	dies("thread", SIGSEGV);
	dies("deep", SIGSEGV);
	dies("caught deep", SIGSEGV);
	dies("native", SIGSEGV);
	dies("bus", SIGBUS);
	return t_status;
}
