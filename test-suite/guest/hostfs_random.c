/* SPDX-License-Identifier: MIT */
/*
 * Random reads, writes, truncations and mappings of a host file, against a
 * copy in memory.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

#define MAX 400000
#define STEPS 6000

static unsigned char model[MAX], buf[MAX];
static size_t size;
static int fd, other, step;
static unsigned int seed = 12345;

static unsigned int rnd(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

/* Short ones, long ones, and borders of pages. */
static void range(size_t limit, size_t *at, size_t *n)
{
	*at = rnd(3) ? rnd(limit) : rnd(limit / 65536 + 1) * 65536;
	if (*at >= limit)
		*at = limit - 1;
	*n = 1 + rnd(rnd(4) ? 5000 : 150000);
	if (*at + *n > limit)
		*n = limit - *at;
}

static void compare(const unsigned char *got, size_t at, size_t n, const char *how)
{
	size_t i;

	for (i = 0; i < n && got[i] == model[at + i]; i++)
		;
	if (i < n)
		t_error("step %d: %s: at %zu: %d, not %d\n", step, how, at + i,
			got[i], model[at + i]);
}

static void fill(unsigned char *p, size_t n)
{
	int c = rnd(256);
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = c + i % 7;
}

static void do_write(void)
{
	size_t at, n;

	range(MAX, &at, &n);
	fill(buf, n);
	t_check(pwrite(rnd(2) ? fd : other, buf, n, at) == (ssize_t)n);
	if (at > size)
		memset(model + size, 0, at - size);
	memcpy(model + at, buf, n);
	if (at + n > size)
		size = at + n;
}

static void do_read(void)
{
	size_t at, n, left;
	ssize_t r;

	range(MAX, &at, &n);
	left = at < size ? size - at : 0;
	r = pread(rnd(2) ? fd : other, buf, n, at);
	if (r != (ssize_t)(n < left ? n : left))
		t_error("step %d: read of %zu at %zu, size %zu: %zd\n", step, n, at, size, r);
	else
		compare(buf, at, r, "read");
}

static void do_truncate(void)
{
	size_t n = rnd(MAX);

	if (rnd(3))
		t_check(ftruncate(rnd(2) ? fd : other, n) == 0);
	else
		t_check(truncate("file", n) == 0);
	if (n > size)
		memset(model + size, 0, n - size);
	size = n;
}

static void do_map(void)
{
	int write = rnd(2);
	size_t at, n, len = size;
	unsigned char *p;

	if (!size)
		return;
	range(size, &at, &n);
	p = mmap(NULL, len, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		t_error("step %d: mmap: errno %d\n", step, errno);
		return;
	}
	compare(p + at, at, n, "map");
	if (write) {
		fill(p + at, n);
		memcpy(model + at, p + at, n);
		if (!rnd(4))
			t_check(msync(p, len, MS_SYNC) == 0);
		if (!rnd(4))
			do_write();
		if (!rnd(4))
			do_read();
	}
	t_check(munmap(p, len) == 0);
}

static void do_stat(void)
{
	struct stat st;

	t_check((rnd(2) ? fstat(fd, &st) : stat("file", &st)) == 0);
	if ((size_t)st.st_size != size)
		t_error("step %d: size %lld, not %zu\n", step, (long long)st.st_size, size);
}

static void do_reopen(void)
{
	if (rnd(2)) {
		close(fd);
		fd = open("file", O_RDWR);
	} else {
		close(other);
		other = open("file", O_RDWR);
	}
	if (!rnd(8)) {
		close(fd);
		close(other);
		fd = open("file", O_RDWR);
		other = open("file", O_RDWR);
	}
}

int main(void)
{
	static void (*const what[])(void) = {
		do_write, do_write, do_read, do_read, do_map, do_map,
		do_truncate, do_stat, do_reopen,
	};

	fd = open("file", O_RDWR | O_CREAT, 0600);
	other = open("file", O_RDWR);
	for (step = 0; step < STEPS && !t_status; step++)
		what[rnd(sizeof(what) / sizeof(*what))]();
	return t_status;
}
