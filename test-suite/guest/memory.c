/* SPDX-License-Identifier: MIT */
/* mmap and its kin, brk, malloc: contents, overlaps, limits. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "test.h"

static size_t page;

static char *map(void *at, size_t n, int flags)
{
	return mmap(at, n, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | flags, -1, 0);
}

static int is_all(const char *p, size_t n, char c)
{
	while (n > 0 && *p == c)
		p++, n--;
	return n == 0;
}

/* As the kernel sees it, without a fault in user code. */
static int is_mapped(void *p)
{
	int fd[2], r;

	t_check(pipe(fd) == 0);
	r = write(fd[1], p, 1);
	close(fd[0]);
	close(fd[1]);
	return r == 1;
}

static void anonymous(void)
{
	char *p = map(NULL, 4 * page, 0), *q;

	t_check(p != MAP_FAILED && (uintptr_t)p % page == 0);
	t_check(is_all(p, 4 * page, 0));
	memset(p, 'p', 4 * page);
	t_check(munmap(p + page, page) == 0);
	t_check(is_mapped(p) && !is_mapped(p + page) && is_mapped(p + 2 * page));
	q = map(p + page, page, MAP_FIXED);
	t_check(q == p + page && is_all(q, page, 0) && is_all(p + 2 * page, 2 * page, 'p'));
	q = map(p, 2 * page, MAP_FIXED);
	t_check(q == p && is_all(p, 2 * page, 0));
	t_check(munmap(p, 4 * page) == 0 && !is_mapped(p) && !is_mapped(p + 3 * page));
	t_check(map(NULL, 0, 0) == MAP_FAILED && errno == EINVAL);
	t_check(map((void *)1, page, MAP_FIXED) == MAP_FAILED && errno == EINVAL);
	t_check(munmap((void *)1, page) == -1 && errno == EINVAL);
}

static void grows_and_moves(void)
{
	char *p = map(NULL, 3 * page, 0), *q;

	memset(p, 'a', page);
	memset(p + 2 * page, 'b', page);
	t_check(munmap(p + page, page) == 0);
	q = mremap(p, page, 4 * page, MREMAP_MAYMOVE);
	t_check(q != MAP_FAILED && q != p && is_all(q, page, 'a') && is_all(q + page, 3 * page, 0));
	t_check(!is_mapped(p) && is_all(p + 2 * page, page, 'b'));
	t_check(mremap(q, 4 * page, page, 0) == q && !is_mapped(q + page));
	t_check(munmap(q, page) == 0 && munmap(p + 2 * page, page) == 0);
}

static void protection(void)
{
	char *p = map(NULL, 2 * page, 0);
	int fd = open("/dev/zero", O_RDONLY);

	p[0] = 'x';
	t_check(mprotect(p, page, PROT_READ) == 0 && p[0] == 'x');
	t_check(read(fd, p, 1) == -1 && errno == EFAULT);
	t_check(read(fd, p + page - 1, 2) == -1 && errno == EFAULT);
	t_check(mprotect(p, page, PROT_NONE) == 0 && !is_mapped(p));
	t_check(mprotect(p, page, PROT_READ | PROT_WRITE) == 0 && p[0] == 'x');
	t_check(read(fd, p, 1) == 1 && p[0] == 0);
	t_check(madvise(p, 2 * page, MADV_DONTNEED) == 0 && is_all(p, 2 * page, 0));
	t_check(munmap(p, 2 * page) == 0);
	t_check(mprotect(p, page, PROT_READ) == -1 && errno == ENOMEM);
	close(fd);
}

static void files(void)
{
	char name[] = "/tmp/memory-XXXXXX", *a, *b, *c, text[10];
	int fd = mkstemp(name);

	t_check(fd >= 0 && ftruncate(fd, 2 * page) == 0);
	t_check(pwrite(fd, "one", 3, page) == 3);
	a = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, page);
	c = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, page);
	t_check(a != MAP_FAILED && b != MAP_FAILED && c != MAP_FAILED);
	t_check(memcmp(a + page, "one", 3) == 0 && memcmp(b, "one", 3) == 0);
	memcpy(a + page, "two", 3);
	t_check(memcmp(b, "two", 3) == 0 && memcmp(c, "two", 3) == 0);
	memcpy(c, "own", 3);
	t_check(memcmp(b, "two", 3) == 0 && pread(fd, text, 3, page) == 3);
	t_check(memcmp(text, "two", 3) == 0);
	t_check(pwrite(fd, "six", 3, page) == 3 && memcmp(b, "six", 3) == 0);
	t_check(memcmp(c, "own", 3) == 0 && msync(a, 2 * page, MS_SYNC) == 0);
	t_check(munmap(a, 2 * page) == 0 && munmap(b, page) == 0 && munmap(c, page) == 0);
	close(fd);
	t_check(unlink(name) == 0);
}

static void memfd(void)
{
	int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char *p;

	t_check(fd >= 0 && ftruncate(fd, page) == 0);
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[7] = 'm';
	t_check(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == -1 && errno == EBUSY);
	t_check(munmap(p, page) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	t_check(write(fd, "x", 1) == -1 && errno == EPERM);
	close(fd);
}

static void allocator(void)
{
	enum { N = 500 };
	static char *p[N];
	static size_t size[N];
	unsigned seed = 1;
	void *volatile none;
	int i, j;

	for (j = 0; j < 20000; j++) {
		i = rand_r(&seed) % N;
		if (p[i]) {
			if (!is_all(p[i], size[i] < 100 ? size[i] : 100, i))
				t_error("block %d has changed\n", i);
			free(p[i]);
		}
		size[i] = rand_r(&seed) % (j % 100 ? 2000 : 300000);
		p[i] = malloc(size[i]);
		memset(p[i], i, size[i]);
	}
	for (i = 0; i < N; i++)
		free(p[i]);
	p[0] = aligned_alloc(4096, 8192);
	t_check((uintptr_t)p[0] % 4096 == 0);
	free(p[0]);
	none = malloc(SIZE_MAX / 2);
	t_check(none == NULL && errno == ENOMEM);
}

static void limits(void)
{
	struct rlimit r;
	void *p;

	t_check(getrlimit(RLIMIT_AS, &r) == 0);
	r.rlim_cur = 64 << 20;
	t_check(setrlimit(RLIMIT_AS, &r) == 0);
	p = map(NULL, 100 << 20, 0);
	t_check(p == MAP_FAILED && errno == ENOMEM);
	r.rlim_cur = r.rlim_max;
	t_check(setrlimit(RLIMIT_AS, &r) == 0);
}

/* Reserved address space costs nothing until it is touched. */
static void sparse(void)
{
	size_t n = 1 << 30, i;
	char *p = map(NULL, n, MAP_NORESERVE);

	t_check(p != MAP_FAILED);
	if (p == MAP_FAILED)
		return;
	for (i = 0; i < n; i += n / 16)
		p[i] = i / (n / 16);
	for (i = 0; i < n; i += n / 16)
		t_check(p[i] == (char)(i / (n / 16)));
	t_check(munmap(p, n) == 0);
}

int main(void)
{
	page = sysconf(_SC_PAGESIZE);
	anonymous();
	grows_and_moves();
	protection();
	files();
	memfd();
	allocator();
	sparse();
	limits();
	return t_status;
}
