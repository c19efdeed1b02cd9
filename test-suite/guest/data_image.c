/* SPDX-License-Identifier: MIT */
/* Initialised data: fresh in every process, shared until it is written to. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define PAGE 65536
#define PAGES 8

extern char **environ;

/* the first and last bytes of pages */
static _Alignas(PAGE) unsigned char pages[PAGES][PAGE] = {
	[0][0] = 1, [0][PAGE - 1] = 2, [1][0] = 3, [PAGES - 1][PAGE - 1] = 4,
};
static const _Alignas(PAGE) unsigned char constant[4 * PAGE] = { [0] = 5, [4 * PAGE - 1] = 6 };
static int odd[3] = { 7, 8, 9 };
static unsigned char bss[40 * PAGE + 1];
static _Thread_local int tls = 10;
static _Thread_local int tls_zero;
static _Thread_local _Alignas(64) char tls_text[100] = "thread";
static int *pointer = &odd[2];

static int digit(void) { return '0'; }
static int (*function)(void) = digit;

/* What the file of a program that changes has at this place. */
static volatile const char marker[] = "data_image.c, version 1";
#define VERSION (sizeof marker - 2)

static void check_tls(void)
{
	t_check(tls == 10 && tls_zero == 0 && !strcmp(tls_text, "thread"));
	t_check((uintptr_t)tls_text % 64 == 0);
	tls = 11;
	tls_zero = 12;
	tls_text[0] = 0;
}

static void *thread(void *arg)
{
	check_tls();
	return arg;
}

static void check_all(void)
{
	size_t i, sum = 0;
	pthread_t t;

	t_check(pages[0][0] == 1 && pages[0][PAGE - 1] == 2 && pages[1][0] == 3);
	t_check(pages[PAGES - 1][PAGE - 1] == 4);
	for (i = 0; i < sizeof pages; i++)
		sum += pages[0][i];
	t_check(sum == 1 + 2 + 3 + 4);
	t_check(constant[0] == 5 && constant[4 * PAGE - 1] == 6);
	for (sum = i = 0; i < sizeof constant; i++)
		sum += constant[i];
	t_check(sum == 5 + 6);
	t_check(odd[0] == 7 && odd[1] == 8 && *pointer == 9 && function() == '0');
	for (sum = i = 0; i < sizeof bss; i++)
		sum += bss[i];
	t_check(sum == 0);
	check_tls();
	if (pthread_create(&t, NULL, thread, NULL) || pthread_join(t, NULL))
		t_error("no thread\n");
}

static void spoil_all(void)
{
	memset(pages, 0xff, sizeof pages);
	memset(odd, 0xff, sizeof odd);
	memset(bss, 0xff, sizeof bss);
	pointer = NULL;
	function = NULL;
}

static int run(const char *file, const char *what)
{
	char *argv[] = { (char *)file, (char *)what, NULL };
	int status, err;
	pid_t pid;

	err = posix_spawn(&pid, file, NULL, NULL, argv, environ);
	if (err || waitpid(pid, &status, 0) != pid) {
		t_error("%s: %s\n", file, strerror(err));
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void fork_copies(void)
{
	int status;

	if (!fork()) {
		spoil_all();
		pages[2][5] = 1;
		_exit(0);
	}
	wait(&status);
	t_check(status == 0);
	t_check(pages[2][5] == 0 && pages[0][0] == 1);
	pages[2][6] = 1;
	if (!fork())
		_exit(pages[2][6] == 1 && pages[2][5] == 0 ? 0 : 1);
	wait(&status);
	t_check(status == 0);
	pages[2][6] = 0;
}

/* A value of the area that p is in, in KiB; the area's name. */
static long smaps(const void *p, const char *key, char name[200])
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to, addr = (uintptr_t)p;
	char line[300], perms[5], here[200];
	long value = -1;
	int now = 0;

	*name = 0;
	while (f && fgets(line, sizeof line, f)) {
		*here = 0;
		if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %*u %199[^\n]", &from, &to, perms, here) >= 3) {
			now = addr >= from && addr < to;
			if (now)
				strcpy(name, here);
			if (now)
				t_check(!strcmp(perms, p == constant ? "r--p" : "rw-p"));
		} else if (now && !strncmp(line, key, strlen(key))) {
			value = atol(line + strlen(key) + 1);
		}
	}
	if (f)
		fclose(f);
	return value;
}

static void check_maps(void)
{
	char name[200], self[200] = "";

	readlink("/proc/self/exe", self, sizeof self - 1);
	t_check(smaps(constant, "Rss:", name) > 0);
	t_check(!strcmp(name, self));
	t_check(smaps(bss + sizeof bss / 2, "Size:", name) > 0);
	t_check(strcmp(name, self) != 0);
}

/* With its parent, which has read all of it too, it shares what neither wrote. */
static void check_shared(void)
{
	char name[200];

	check_all();
	t_check(smaps(constant, "Shared_Clean:", name) >= 4 * 64);
	t_check(smaps(constant, "Pss:", name) < smaps(constant, "Rss:", name));
}

static void protect(void)
{
	int status;

	if (!fork()) {
		signal(SIGSEGV, SIG_DFL);
		mprotect(pages[3], PAGE, PROT_READ);
		if (pages[3][1])
			_exit(1);
		pages[3][0] = 1;
		_exit(2);
	}
	wait(&status);
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	if (!fork()) {
		munmap(pages[3], PAGE);
		pages[2][0] = pages[4][0] = 1;
		_exit(pages[3][1]);
	}
	wait(&status);
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	if (!fork()) {
		pages[3][1] = 9;
		madvise(pages[3], PAGE, MADV_DONTNEED);
		_exit(pages[3][1]);
	}
	wait(&status);
	t_check(status == 0);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	t_check(fd >= 0 && write(fd, "3", 1) == 1);
	close(fd);
}

static void copy(const char *to)
{
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0755);
	static char buf[PAGE];
	ssize_t n;

	while ((n = read(in, buf, sizeof buf)) > 0)
		t_check(write(out, buf, n) == n);
	t_check(n == 0);
	close(in);
	close(out);
}

/* Writes another version, over the old one. */
static void change(const char *file, char version)
{
	int fd = open(file, O_RDWR);
	struct stat st;
	char *p, *m;

	fstat(fd, &st);
	p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	m = p == MAP_FAILED ? NULL : memmem(p, st.st_size, (char *)marker, VERSION);
	t_check(m && pwrite(fd, &version, 1, m - p + VERSION) == 1);
	munmap(p, st.st_size);
	close(fd);
}

static void file_changes(const char *file)
{
	copy(file);
	t_check(run(file, "version") == '1');
	t_check(run(file, "version") == '1');
	change(file, '2');
	t_check(run(file, "version") == '2');
	change(file, '1');
	t_check(run(file, "version") == '1');
	unlink(file);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "version"))
		return marker[VERSION];
	if (argc > 1 && !strcmp(argv[1], "shared")) {
		check_shared();
		return t_status;
	}
	check_all();
	if (argc > 1) {
		spoil_all();
		return t_status;
	}
	check_maps();
	fork_copies();
	protect();
	t_check(run("/proc/self/exe", "shared") == 0);
	spoil_all();
	t_check(run("/proc/self/exe", "again") == 0);
	t_check(run("/proc/self/exe", "again") == 0);
	drop_caches();
	t_check(constant[4 * PAGE - 1] == 6 && constant[3 * PAGE] == 0 && pages[0][0] == 0xff);
	t_check(run("/proc/self/exe", "again") == 0);
	file_changes("/tmp/data_image");
	file_changes("data_image");
	return t_status;
}
