/* SPDX-License-Identifier: MIT */
/* Uses up memory until its data gives way, twice; and still has its data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 8 << 20 };

static const unsigned char constant[SIZE] = { [0] = 1, [SIZE / 2] = 2, [SIZE - 1] = 3 };
static unsigned char changed[2 << 20] = { [5] = 7 };

static unsigned sum(void)
{
	const volatile unsigned char *p = constant;
	unsigned i, n = 0;

	for (i = 0; i < SIZE; i++)
		n += p[i];
	return n;
}

/* KiB that the first line of a file in /proc says which begins with name */
static long kib(const char *file, const char *name)
{
	FILE *f = fopen(file, "r");
	char line[300];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof line, f))
		if (!strncmp(line, name, strlen(name)))
			n = atol(line + strlen(name));
	if (f)
		fclose(f);
	return n;
}

/* of the area that data is in */
static long resident(void)
{
	return kib("/proc/self/smaps", "Rss:");
}

static int use_up(size_t n)
{
	int status;

	if (!fork()) {
		memset(mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, n);
		_exit(0);
	}
	wait(&status);
	return status;
}

/* More each time; what files have in memory may go first. */
static int press(void)
{
	size_t n = (size_t)kib("/proc/meminfo", "MemFree:") << 10, most = n + 3 * SIZE;
	long before = resident();

	if (before < SIZE / 1024)
		return 2;
	for (; n < most; n += 1 << 20) {
		if (use_up(n))
			return 3;
		if (resident() < before)
			return 0;
	}
	return 4;
}

int main(void)
{
	int i, r;

	changed[100000] = 9;
	for (i = 0; i < 2; i++) {
		if (sum() != 6)
			return 1;
		r = press();
		if (r)
			return r;
	}
	return sum() == 6 && changed[5] == 7 && changed[100000] == 9 ? 0 : 5;
}
