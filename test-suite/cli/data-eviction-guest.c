/* SPDX-License-Identifier: MIT */
/* data-eviction-guest MiB: uses up so much, twice, and still has its data. */
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

/* KiB of the area that data is in */
static long resident(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[300];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof line, f))
		if (!strncmp(line, "Rss:", 4))
			n = atol(line + 4);
	if (f)
		fclose(f);
	return n;
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

int main(int argc, char **argv)
{
	long before, after;
	int i;

	changed[100000] = 9;
	for (i = 0; i < 2; i++) {
		if (sum() != 6)
			return 1;
		before = resident();
		if (use_up((size_t)atoi(argv[1]) << 20))
			return 2;
		after = resident();
		if (before < SIZE / 1024 || after >= before)
			return 3;
	}
	return sum() == 6 && changed[5] == 7 && changed[100000] == 9 ? 0 : 4;
}
