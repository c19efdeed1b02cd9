// SPDX-License-Identifier: MIT
// calloc() of what a freed group of another class leaves must not be taken for zero; and a program's groups were unmapped and mapped each time that it freed its list
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

enum { BLOCKS = 500, LIST = 60000, TURNS = 200 };

/* as many pages as the process has; -1 if that cannot be read */
static long pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long n = -1;

	if (!f || fscanf(f, "%ld", &n) != 1)
		t_error("/proc/self/statm: no number\n");
	if (f)
		fclose(f);
	return n;
}

/* mappings of whatever length that groups of this size have, of which no byte of n is zero */
static void leave(size_t size, size_t n)
{
	static char *p[BLOCKS];
	int i;

	for (i = 0; i < BLOCKS; i++) {
		p[i] = malloc(size);
		if (!p[i])
			t_error("malloc(%zu) failed\n", size);
		else
			memset(p[i], 0xff, n);
	}
	for (i = 0; i < BLOCKS; i++)
		free(p[i]);
}

/* as often as it takes for them to be kept */
static void bounce(size_t size)
{
	for (int i = 0; i < TURNS; i++)
		leave(size, 1);
}

static void cleared(size_t size)
{
	unsigned char *p[3];
	size_t i, k;

	for (i = 0; i < 3; i++) {
		p[i] = calloc(1, size);
		for (k = 0; p[i] && k < size && !p[i][k]; k++)
			;
		if (!p[i] || k < size)
			t_error("calloc(1, %zu): not zero at %zu\n", size, k);
		if (p[i])
			memset(p[i], i + 1, size);
	}
	for (i = 0; i < 3; i++) {
		for (k = 0; p[i] && k < size && p[i][k] == i + 1; k++)
			;
		if (k < size)
			t_error("%zu bytes: two blocks have byte %zu\n", size, k);
		free(p[i]);
	}
}

static void list(void)
{
	static char *p[LIST];
	int i;

	for (i = 0; i < LIST; i++) {
		p[i] = malloc(80);
		if (p[i])
			p[i][0] = p[i][79] = 1;
	}
	for (i = 0; i < LIST; i++)
		free(p[i]);
}

/* of 5 MB that are freed at most a mebibyte is kept, and what lies about it */
static void shrinks(void)
{
	long before = pages(), after;
	int i;

	for (i = 0; i < 20; i++)
		list();
	after = pages();
	if ((after - before) * sysconf(_SC_PAGESIZE) > 3 << 19)
		t_error("%ld pages are %ld after twenty lists\n", before, after);
}

/* what is freed twice is still found out */
static void twice(size_t size)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		char *volatile p = malloc(size);

		leave(size, size);
		free(p);
		free(p);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		t_error("%zu bytes freed twice: no signal\n", size);
}

int main(void)
{
	size_t size, other;

	shrinks();
	for (size = 40; size < 1500; size += size / 2) {
		bounce(size);
		for (other = 1000; other < 131052; other += other / 8 + 7) {
			leave(size, size);
			cleared(other);
		}
		twice(size);
	}
	return t_status;
}
