/* SPDX-License-Identifier: MIT */
/*
 * What the size of a page costs.  pages WHAT [ARGUMENT]...: nanoseconds, and a number.
 *
 *	random MIB	a write to each page of 4 KiB of so much memory, in a random order
 *	fork MIB	fork, exit and wait of a process that has touched so much
 *	files N DIR	N files of 90 bytes made in a new directory of DIR: for one of
 *			them; KiB of memory that one takes
 *	small		a write to each of 256 mappings of one page, apart
 *
 * With "wait" before WHAT it prints, then waits for the end of its input, so that its
 * host can be looked at.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE 4096

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static char *map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

/* Each number below n once: n is a power of two, the step is odd. */
static double at_random(size_t mib)
{
	size_t n = mib * (1024 * 1024 / PIECE), i, at = 0;
	volatile char *p = map(n * PIECE);
	double start = now_ns();

	for (i = 0; i < n; i++) {
		p[at * PIECE] = 1;
		at = (at + 0x9e3779b1u) & (n - 1);
	}
	return (now_ns() - start) / n;
}

static double fork_touched(size_t mib)
{
	double best = 1e18, start;
	int i;

	memset(map(mib << 20), 1, mib << 20);
	for (i = 0; i < 9; i++) {
		start = now_ns();
		if (!fork())
			_exit(0);
		wait(NULL);
		start = now_ns() - start;
		if (start < best)
			best = start;
	}
	return best;
}

static double small(void)
{
	double start;
	char *p[256];
	int i;

	for (i = 0; i < 256; i++)
		p[i] = map(2 * PIECE);
	start = now_ns();
	for (i = 0; i < 256; i++)
		*(volatile char *)p[i] = 1;
	return (now_ns() - start) / 256;
}

static long meminfo_kib(const char *what)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char name[40];
	long kib, found = 0;

	while (f && fscanf(f, "%39s %ld%*[^\n]", name, &kib) == 2)
		if (!strcmp(name, what))
			found = kib;
	if (f)
		fclose(f);
	return found;
}

static double files(int n, const char *dir, double *kib)
{
	char data[90] = "";
	long before = meminfo_kib("MemAvailable:");
	double start;
	char name[32];
	int i, fd;

	if (chdir(dir) || mkdir("files", 0700) || chdir("files")) {
		perror(dir);
		exit(1);
	}
	start = now_ns();
	for (i = 0; i < n; i++) {
		sprintf(name, "%d", i);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, data, sizeof data) != sizeof data || close(fd)) {
			perror(name);
			exit(1);
		}
	}
	start = now_ns() - start;
	*kib = (double)(before - meminfo_kib("MemAvailable:")) / n;
	return start / n;
}

int main(int argc, char **argv)
{
	const char *what;
	double ns, number = 0;
	int waits = argc > 1 && !strcmp(argv[1], "wait");

	argc -= waits;
	argv += waits;
	what = argc > 1 ? argv[1] : "";
	if (!strcmp(what, "random") && argc == 3)
		ns = at_random(atoi(argv[2]));
	else if (!strcmp(what, "fork") && argc == 3)
		ns = fork_touched(atoi(argv[2]));
	else if (!strcmp(what, "small") && argc == 2)
		ns = small();
	else if (!strcmp(what, "files") && argc == 4)
		ns = files(atoi(argv[2]), argv[3], &number);
	else
		return 2;
	printf("%.0f %.1f\n", ns, number);
	fflush(stdout);
	if (waits)
		getchar();
	return 0;
}
