/* SPDX-License-Identifier: MIT */
/*
 * A page in more places than the host has mappings for one machine, and what is
 * mapped next to another of another protection: all of it is there.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define MOST 65536

static volatile int *place[MOST];
static size_t page;

/* Until there is no more: vm.max_map_count of the guest, or its address space. */
static int fill(int fd)
{
	int n;

	for (n = 0; n < MOST; n++) {
		place[n] = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (place[n] == MAP_FAILED)
			break;
		if (++*place[n] != n + 1)
			t_error("place %d: %d\n", n, *place[n]);
	}
	t_check(n < MOST && errno == ENOMEM);
	return n;
}

static void look(int n, int want)
{
	int i;

	for (i = 0; i < n; i++)
		if (*place[i] != want) {
			t_error("place %d: %d, not %d\n", i, *place[i], want);
			return;
		}
}

static int protect(int n)
{
	int i;

	for (i = 0; i < n; i += 2)
		if (mprotect((void *)place[i], page, PROT_READ))
			return t_error("mprotect of place %d: %s\n", i, strerror(errno)), -1;
	return 0;
}

static int forked(int n)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		look(n, n);
		_exit(t_status);
	}
	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

static int spawned(void)
{
	char *argv[] = { (char *)"child", NULL };
	int status = -1;
	pid_t pid;

	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

int main(int argc, char **argv)
{
	int fd = memfd_create("page", 0), n;

	page = sysconf(_SC_PAGESIZE);
	if (argc && strcmp(argv[0], "child") == 0)
		return 0;
	t_check(ftruncate(fd, page) == 0);
	n = fill(fd);
	if (n < 60000)
		t_error("only %d places\n", n);
	/* there is room for the stack of a child, and for what it maps */
	munmap((void *)place[--n], page);
	munmap((void *)place[--n], page);
	*place[0] = n;
	protect(n);
	/* with all that there can be: whoever started this looks at others now */
	if (argc > 1)
		raise(SIGSTOP);
	look(n, n);
	t_check(forked(n) == 0);
	t_check(spawned() == 0);
	*place[1] = 7;
	look(n, 7);
	return t_status;
}
