/* SPDX-License-Identifier: MIT */
/*
 * Huge pages, of a whole page table: what a program and its kernel see through them is
 * what was written, when they are split, copied, moved and given back.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define HUGE ((size_t)4 << 20)
#define COUNT 3
#define SIZE (COUNT * HUGE)
#define ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

static size_t page;

static int enable(void)
{
	FILE *f;

	mkdir("/sys", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	f = fopen(ENABLED, "w");
	if (!f)
		return 0;
	t_check(fputs("madvise", f) >= 0 && !fclose(f));
	return 1;
}

static long kib(const char *name)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	long n = -1, v;
	char line[200];

	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, strlen(name)) && sscanf(line + strlen(name), "%ld", &v) == 1)
			n = v;
	if (f)
		fclose(f);
	return n;
}

static uint32_t word(size_t at, uint32_t seed)
{
	return (at / 4 + seed) * 2654435761u;
}

static void fill(char *p, size_t from, size_t to, uint32_t seed)
{
	for (; from < to; from += 1024)
		*(volatile uint32_t *)(p + from) = word(from, seed);
}

static int is(const char *p, size_t from, size_t to, uint32_t seed)
{
	for (; from < to; from += 1024)
		if (*(const volatile uint32_t *)(p + from) != word(from, seed))
			return 0;
	return 1;
}

static char *map(void)
{
	char *p = mmap(NULL, SIZE + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p = (char *)(((uintptr_t)p + HUGE - 1) & -HUGE);
	t_check(!madvise(p, SIZE, MADV_HUGEPAGE));
	fill(p, 0, SIZE, 1);
	t_check(kib("AnonHugePages:") >= (long)(SIZE >> 10));
	return p;
}

static int status_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void forked(char *p)
{
	pid_t pid = fork();

	if (!pid) {
		if (!is(p, 0, SIZE, 1))
			_exit(1);
		fill(p, HUGE / 2, 2 * HUGE, 2);
		_exit(!is(p, 0, HUGE / 2, 1) || !is(p, HUGE / 2, 2 * HUGE, 2) || !is(p, 2 * HUGE, SIZE, 1));
	}
	fill(p, 2 * HUGE, SIZE, 3);
	t_check(status_of(pid) == 0);
	t_check(is(p, 0, 2 * HUGE, 1) && is(p, 2 * HUGE, SIZE, 3));
	fill(p, 2 * HUGE, SIZE, 1);
}

static sigjmp_buf back;
static char *volatile fault;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	fault = info->si_addr;
	siglongjmp(back, 1);
}

static int faults(volatile char *p)
{
	if (sigsetjmp(back, 1))
		return fault == p;
	*p = 1;
	return 0;
}

/* one page of it: the rest stays as it is */
static void protected(char *p)
{
	char *middle = p + HUGE + HUGE / 2;

	t_check(!mprotect(middle, page, PROT_READ));
	t_check(faults(middle) && faults(middle + page - 1));
	t_check(!faults(middle + page) && !faults(middle - 1));
	t_check(is(p, 0, SIZE - page, 1) || (middle[page] == 1 && is(p, 0, HUGE + HUGE / 2, 1)));
	t_check(!mprotect(middle, page, PROT_READ | PROT_WRITE));
	middle[-1] = 0;
	fill(p, 0, SIZE, 1);
	t_check(is(p, 0, SIZE, 1));
}

/* what the kernel reads and writes by itself, across a boundary */
static void by_the_kernel(char *p)
{
	static char back_again[3000];
	int fd[2];

	t_check(!pipe(fd));
	t_check(write(fd[1], p + HUGE - 1500, 3000) == 3000);
	t_check(read(fd[0], back_again, 3000) == 3000);
	t_check(!memcmp(back_again, p + HUGE - 1500, 3000));
	memset(back_again, 'k', 3000);
	t_check(write(fd[1], back_again, 3000) == 3000);
	t_check(read(fd[0], p + 2 * HUGE - 1500, 3000) == 3000);
	t_check(!memcmp(back_again, p + 2 * HUGE - 1500, 3000));
	fill(p, 0, SIZE, 1);
	close(fd[0]);
	close(fd[1]);
}

static void moved(char *p)
{
	char *q = mremap(p + HUGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, map());

	t_check(q != MAP_FAILED);
	t_check(is(q - HUGE, HUGE, 2 * HUGE, 1) && is(p, 0, HUGE, 1) && is(p, 2 * HUGE, SIZE, 1));
	t_check(is(q, HUGE, SIZE, 1));
	t_check(mremap(q, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + HUGE) == p + HUGE);
	t_check(is(p, 0, SIZE, 1));
}

static void given_back(char *p)
{
	t_check(!madvise(p + page, HUGE, MADV_DONTNEED));
	t_check(is(p, 0, page, 1) && is(p, HUGE + page, SIZE, 1));
	t_check(!p[page] && !p[HUGE / 2] && !p[HUGE] && !p[HUGE + page - 1]);
	fill(p, 0, HUGE + page, 1);
	t_check(!munmap(p + HUGE / 2, page));
	t_check(faults(p + HUGE / 2));
	t_check(is(p, 0, HUGE / 2, 1) && is(p, HUGE / 2 + page, SIZE, 1));
}

int main(void)
{
	struct sigaction a = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
	char *p;

	page = sysconf(_SC_PAGESIZE);
	if (page != 4096 || !enable()) {
		printf("huge pages have 4 MiB where pages have 4 KiB only\n");
		return 77;
	}
	sigaction(SIGSEGV, &a, NULL);
	p = map();
	forked(p);
	protected(p);
	by_the_kernel(p);
	p = map();
	moved(p);
	given_back(p);
	return t_status;
}
