/* SPDX-License-Identifier: MIT */
/*
 * More memory than there is: it ends with ENOMEM or with SIGKILL for the one
 * who took it; who waits for it, and those after it, go on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static size_t page;

/* The first to be killed. */
static void volunteer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	t_check(write(fd, "1000", 4) == 4 && close(fd) == 0);
}

static int anonymous(int flags)
{
	size_t n = 1 << 30, i;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	if (p == MAP_FAILED)
		return 42;
	for (i = 0; i < n; i += page)
		p[i] = 1;
	return 99;
}

/* In the kernel, on our behalf. */
static int by_read(void)
{
	size_t n = 1 << 30, i;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE | MAP_PRIVATE, -1, 0);
	int fd = open("/dev/zero", O_RDONLY);

	for (i = 0; i < n; i += 1 << 20)
		if (read(fd, p + i, 1 << 20) != 1 << 20)
			return 42;
	return 99;
}

static int by_malloc(void)
{
	size_t n = 0;
	char *volatile p;	/* or the compiler knows better */

	while ((p = malloc(1 << 20)) && n < 4096)
		memset(p, 1, 1 << 20), n++;
	return p ? 99 : 42;
}

static int file(const char *dir)
{
	static char buf[1 << 20];
	char name[100];
	int fd, i;

	snprintf(name, sizeof name, "%s/oom", dir);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(name);
	for (i = 0; i < 4096; i++)
		if (write(fd, buf, sizeof buf) < 0)
			return errno == ENOSPC || errno == ENOMEM ? 42 : 98;
	return 99;
}

static int sockets(void)
{
	static char buf[65536];
	int i, fd[2];

	for (i = 0; i < 500; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd))
			break;
		while (write(fd[0], buf, sizeof buf) > 0)
			;
		if (pipe2(fd, O_NONBLOCK))
			break;
		while (write(fd[1], buf, sizeof buf) > 0)
			;
	}
	return 42;
}

static int stacks(char *from);
static int (*volatile again)(char *) = stacks;

static int stacks(char *from)
{
	char buf[100000];

	memset(buf, from[0], sizeof buf);
	return again(buf) + buf[5];
}

static int child(const char *what)
{
	volunteer();
	if (strcmp(what, "private") == 0)
		return anonymous(MAP_PRIVATE);
	if (strcmp(what, "shared") == 0)
		return anonymous(MAP_SHARED);
	if (strcmp(what, "locked") == 0)
		return anonymous(MAP_PRIVATE | MAP_POPULATE);
	if (strcmp(what, "read") == 0)
		return by_read();
	if (strcmp(what, "malloc") == 0)
		return by_malloc();
	if (strcmp(what, "tmpfs") == 0)
		return file("/tmp");
	if (strcmp(what, "sockets") == 0)
		return sockets();
	if (strcmp(what, "stack") == 0)
		return stacks((char *)what);
	return 0;
}

static void run(const char *what)
{
	char *argv[] = { (char *)"oom", (char *)what, NULL };
	int status = -1;
	pid_t pid;

	t_check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
	t_check(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGSEGV :
	    WEXITSTATUS(status) != 42 && strcmp(what, "nothing"))
		t_error("%s: status %#x\n", what, status);
}

int main(int argc, char **argv)
{
	static const char *const all[] = {
		"private", "shared", "locked", "read", "malloc", "tmpfs", "sockets", "stack", "nothing",
	};
	char *mine = malloc(4 << 20);
	size_t i, j;

	page = sysconf(_SC_PAGESIZE);
	if (argc > 1)
		return child(argv[1]);
	for (j = 0; j < 4 << 20; j++)
		mine[j] = j * 7 >> 3;
	for (i = 0; i < sizeof all / sizeof *all; i++) {
		run(all[i]);
		for (j = 0; j < 4 << 20; j++)
			if (mine[j] != (char)(j * 7 >> 3)) {
				t_error("%s: memory of another has changed at %zu\n", all[i], j);
				break;
			}
	}
	return t_status;
}
