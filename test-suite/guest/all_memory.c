/* SPDX-License-Identifier: MIT */
/*
 * Nearly all memory, most of whose struct pages are written when it is first used: each
 * page is its program's alone, and is free again afterwards.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static size_t meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	size_t n = 0, v;
	char line[200];

	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, strlen(name)) && sscanf(line + strlen(name), "%zu", &v) == 1)
			n = v << 10;
	if (f)
		fclose(f);
	return n;
}

static int use(size_t size)
{
	uint32_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i, n = size / sizeof *p;

	if (p == MAP_FAILED)
		return 1;
	for (i = 0; i < n; i += 1024)
		p[i] = i;
	for (i = 0; i < n; i += 1024)
		if (p[i] != i || p[i + 1])
			return 2;
	return 0;
}

int main(void)
{
	size_t total = meminfo("MemTotal:"), before, after;
	int i, status;

	for (i = 0; i < 2; i++) {
		before = meminfo("MemFree:");
		t_check(before > total / 10 * 9);
		if (!fork())
			_exit(use(before / 10 * 9));
		t_check(wait(&status) > 0 && status == 0);
		after = meminfo("MemFree:");
		t_check(after > before - before / 50);
	}
	return t_status;
}
