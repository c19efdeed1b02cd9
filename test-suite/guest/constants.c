/* SPDX-License-Identifier: MIT */
/* String literals and constant objects are read-only, as natively. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define PAGE 65536

extern char **environ;

static const int table[] = { 1, 2, 3 };
static const char *const names[] = { "one", "two" };
static const unsigned char large[3 * PAGE] = { 1, [3 * PAGE - 1] = 2 };
static const char text[] = "constant";
static _Thread_local int tls = 4;
static int data = 5;
static const char *pointer = "literal";
static int bss[3];

static sigjmp_buf out;
static siginfo_t info;

static void on_fault(int sig, siginfo_t *si, void *context)
{
	info = *si;
	siglongjmp(out, sig);
}

static int store(const volatile void *p)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old;
	int sig;

	sigaction(SIGSEGV, &sa, &old);
	sig = sigsetjmp(out, 1);
	if (!sig)
		*(volatile char *)p = 'x';
	sigaction(SIGSEGV, &old, NULL);
	return sig;
}

static void check_constant(const volatile void *p)
{
	memset(&info, 0, sizeof info);
	t_check(store(p) == SIGSEGV);
	t_check(info.si_code == SEGV_ACCERR && info.si_addr == p);
}

/* Also by the kernel. */
static void check_read(const void *p)
{
	int fd[2];

	t_check(!pipe(fd) && write(fd[1], "x", 1) == 1);
	t_check(read(fd[0], (void *)p, 1) == -1 && errno == EFAULT);
	close(fd[0]);
	close(fd[1]);
}

static const char *perms(const volatile void *p)
{
	static char perms[5];
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[300], found[5] = "";

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, perms) == 3 &&
		    (uintptr_t)p >= from && (uintptr_t)p < to)
			strcpy(found, perms);
	if (f)
		fclose(f);
	return strcpy(perms, found);
}

static void *page_of(const void *p)
{
	return (void *)((uintptr_t)p & -PAGE);
}

/* What has been written is this process's own, whoever has the page, too. */
static void make_writable(void)
{
	int status;

	t_check(!mprotect(page_of(text), PAGE, PROT_READ | PROT_WRITE));
	t_check(!store(text) && *(volatile const char *)text == 'x');
	t_check(!mprotect(page_of(text), PAGE, PROT_READ));
	check_constant(text);
	t_check(*(volatile const char *)text == 'x');
	if (!fork())
		_exit(*(volatile const char *)text == 'x' && store(text) == SIGSEGV ? 0 : 1);
	wait(&status);
	t_check(status == 0);
}

static void again(char *self)
{
	char *argv[] = { self, "again", NULL };
	int status;
	pid_t pid;

	t_check(!posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ));
	t_check(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(int argc, char **argv)
{
	t_check(!strcmp(text, "constant") && !strcmp(pointer, "literal"));
	check_constant(pointer);
	check_constant(table);
	check_constant(names);
	check_constant(large);
	check_constant(&large[3 * PAGE - 1]);
	check_constant(text);
	check_read(text);
	t_check(!strcmp(perms(text), "r--p") && !strcmp(perms(large), "r--p"));
	t_check(!strcmp(perms(&data), "rw-p") && !strcmp(perms(bss), "rw-p"));

	t_check(!store(&data) && !store(&pointer) && !store(bss) && !store(&tls));
	if (argc > 1)
		return t_status;
	make_writable();
	again(argv[0]);
	return t_status;
}
