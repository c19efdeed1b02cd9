/* SPDX-License-Identifier: MIT */
/* The finer points of mmap and its kin, anonymous, on tmpfs and on hostfs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static size_t page;

static char *map(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	char *p = mmap(at, n, prot, flags, fd, off);

	if (p == MAP_FAILED)
		t_error("mmap(%p, %zu, %d, %#x, %d): %s\n", at, n, prot, flags, fd,
			strerror(errno));
	return p;
}

static int is_all(const char *p, size_t n, char c)
{
	while (n > 0 && *p == c)
		p++, n--;
	return n == 0;
}

/* The kernel reads one byte for us. */
static int readable(const char *p)
{
	int fd[2], r;

	t_check(pipe(fd) == 0);
	r = write(fd[1], p, 1);
	close(fd[0]);
	close(fd[1]);
	return r == 1;
}

/* The kernel writes the byte back that is there. */
static int writable(char *p)
{
	int fd[2], r;

	t_check(pipe(fd) == 0 && write(fd[1], readable(p) ? p : "", 1) == 1);
	r = read(fd[0], p, 1);
	close(fd[0]);
	close(fd[1]);
	return r == 1;
}

/* Not libc's: it leaves the break to the allocator. */
static char *set_break(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

static void break_area(void)
{
	char *old = set_break(NULL), *end = old + 10 * page, *p;

	t_check(set_break(end) == end && is_all(old, 10 * page, 0));
	memset(old, 'h', 10 * page);
	/* shrunk and grown again it is zero, but for the first page */
	t_check(set_break(old) == old && set_break(end) == end);
	t_check(is_all(old + page, 9 * page, 0) && set_break(old) == old);
	/* neither into another mapping nor below its start */
	p = map((char *)(((uintptr_t)old + page - 1) / page * page + 4 * page), page, RW,
		ANON | MAP_FIXED_NOREPLACE, -1, 0);
	t_check(set_break(p + page) == old && set_break((char *)page) == old);
	t_check(set_break((char *)-1) == old && munmap(p, page) == 0);
}

static void fixed(void)
{
	char *p = map(NULL, 4 * page, RW, ANON, -1, 0);

	memset(p, 1, 4 * page);
	t_check(mmap(p + page, page, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
	t_check(errno == EEXIST && is_all(p, 4 * page, 1));
	t_check(munmap(p + page, 2 * page) == 0);
	t_check(map(p + page, 2 * page, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == p + page);
	t_check(is_all(p + page, 2 * page, 0) && is_all(p, page, 1));
	/* a hint that is free is taken, one that is not is no error */
	t_check(munmap(p + page, page) == 0 && map(p + page, page, RW, ANON, -1, 0) == p + page);
	t_check(map(p, page, RW, ANON, -1, 0) != p && is_all(p, page, 1));
	/* neither page 0 nor the end of the address space */
	t_check(mmap(NULL, page, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED || getuid() == 0);
	t_check(mmap((void *)0xffff0000, page, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED);
	t_check(errno == ENOMEM);
	t_check(mmap((void *)(0xffff0000 - page), 2 * page, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED);
	t_check(munmap(p, 4 * page) == 0);
	t_check(munmap((void *)0xffff0000, page) == -1 && errno == EINVAL);
	/* nothing there: fine */
	t_check(munmap(p, 4 * page) == 0);
}

static void bad_arguments(void)
{
	int ro = open("/proc/self/exe", O_RDONLY), fd[2];

	t_check(mmap(NULL, page, RW, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	t_check(mmap(NULL, page, RW, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
	t_check(mmap(NULL, page, RW, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EACCES);
	t_check(mmap(NULL, page, PROT_READ, MAP_PRIVATE, ro, 1) == MAP_FAILED && errno == EINVAL);
	t_check(mmap(NULL, page, PROT_READ, MAP_PRIVATE, ro, page / 2) == MAP_FAILED && errno == EINVAL);
	t_check(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, ro, 0) == MAP_FAILED && errno == EINVAL);
	t_check(mmap(NULL, SIZE_MAX, RW, ANON, -1, 0) == MAP_FAILED && errno == ENOMEM);
	t_check(mmap(NULL, SIZE_MAX / page * page, RW, ANON, -1, 0) == MAP_FAILED && errno == ENOMEM);
	t_check(pipe(fd) == 0);
	t_check(mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd[0], 0) == MAP_FAILED && errno == ENODEV);
	close(fd[0]);
	close(fd[1]);
	t_check(mprotect((void *)page, page, 0x1000) == -1 && errno == EINVAL);
	t_check(msync((void *)1, page, MS_SYNC) == -1 && errno == EINVAL);
	t_check(madvise((void *)1, page, MADV_DONTNEED) == -1 && errno == EINVAL);
	/* read-only, and no way to more */
	char *p = map(NULL, page, PROT_READ, MAP_SHARED, ro, 0);

	t_check(mprotect(p, page, RW) == -1 && errno == EACCES);
	t_check(munmap(p, page) == 0);
	p = map(NULL, page, RW, MAP_PRIVATE, ro, 0);
	t_check(p[0] == 0 && memcmp(p, "\0asm", 4) == 0);
	p[0] = 'x';
	t_check(memcmp(p, "xasm", 4) == 0 && munmap(p, page) == 0);
	close(ro);
}

static void remap(void)
{
	char *p = map(NULL, 8 * page, RW, ANON, -1, 0), *q, *to;
	int i;

	for (i = 0; i < 8; i++)
		memset(p + i * page, 'a' + i, page);
	/* in place */
	t_check(mremap(p, 8 * page, 6 * page, 0) == p && !readable(p + 6 * page));
	t_check(mremap(p, 6 * page, 8 * page, 0) == p && is_all(p + 6 * page, 2 * page, 0));
	t_check(is_all(p + 5 * page, page, 'f'));
	/* no room, may not move */
	t_check(mremap(p, 4 * page, 6 * page, 0) == MAP_FAILED && errno == ENOMEM);
	/* to a place of our choice, over what is there */
	to = map(NULL, 10 * page, RW, ANON, -1, 0);
	memset(to, 'z', 10 * page);
	q = mremap(p, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to + page);
	t_check(q == to + page && is_all(to, page, 'z') && is_all(to + 5 * page, 5 * page, 'z'));
	for (i = 0; i < 4; i++)
		t_check(is_all(q + i * page, page, 'a' + i));
	t_check(!readable(p) && !readable(p + 3 * page) && p[4 * page] == 'e');
	/* while it shrinks, while it grows */
	t_check(mremap(to, 2 * page, 3 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	q = mremap(to + page, 4 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, p);
	t_check(q == p && is_all(p, page, 'a') && is_all(p + page, page, 'b'));
	t_check(!readable(to + page) && !readable(to + 4 * page) && readable(to));
	t_check(mremap(p, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, p + page) == MAP_FAILED);
	t_check(errno == EINVAL);
	t_check(mremap(p + 2 * page, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	t_check(mremap(p + 1, page, page, 0) == MAP_FAILED && errno == EINVAL);
	t_check(mremap(p, page, 0, 0) == MAP_FAILED && errno == EINVAL);
	/* the old place stays, empty */
	q = mremap(p, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	t_check(q != MAP_FAILED && q != p && is_all(q, page, 'a') && is_all(p, 2 * page, 0));
	t_check(munmap(q, 2 * page) == 0);
	t_check(munmap(p, 8 * page) == 0 && munmap(to, 10 * page) == 0);
}

static void protection(void)
{
	char *p = map(NULL, 6 * page, PROT_NONE, ANON, -1, 0);

	t_check(!readable(p) && !writable(p));
	t_check(mprotect(p + page, page, PROT_READ) == 0);
	t_check(readable(p + page) && !writable(p + page) && p[page] == 0);
	t_check(mprotect(p + page, page, RW) == 0);
	p[page] = 'w';
	t_check(mprotect(p + page, page, PROT_NONE) == 0 && !readable(p + page));
	t_check(mprotect(p, 6 * page, PROT_READ) == 0 && p[page] == 'w' && !writable(p + page));
	/* write-only memory can be read, as on every CPU */
	t_check(mprotect(p, page, PROT_WRITE) == 0);
	p[5] = 5;
	t_check(p[5] == 5);
	t_check(mprotect(p, page, PROT_EXEC) == 0 && p[5] == 5 && !writable(p + 5));
	t_check(mprotect(p, 6 * page, RW) == 0 && munmap(p + 3 * page, page) == 0);
	/* a hole: what is before it has changed */
	t_check(mprotect(p, 6 * page, PROT_READ) == -1 && errno == ENOMEM);
	t_check(!writable(p) && writable(p + 4 * page));
	t_check(munmap(p, 6 * page) == 0);
}

static void advice(void)
{
	char *p = map(NULL, 4 * page, RW, ANON, -1, 0);
	unsigned char vec[4];

	t_check(mincore(p, 4 * page, vec) == 0 && !(vec[0] & 1) && !(vec[3] & 1));
	memset(p, 'm', 3 * page);
	t_check(mincore(p, 4 * page, vec) == 0);
	t_check((vec[0] & 1) && (vec[1] & 1) && (vec[2] & 1) && !(vec[3] & 1));
	t_check(madvise(p + page, page, MADV_DONTNEED) == 0);
	t_check(mincore(p, 4 * page, vec) == 0 && (vec[0] & 1) && !(vec[1] & 1) && (vec[2] & 1));
	t_check(is_all(p + page, page, 0) && is_all(p, page, 'm') && is_all(p + 2 * page, page, 'm'));
	t_check(madvise(p, 4 * page, MADV_SEQUENTIAL) == 0 && madvise(p, 4 * page, MADV_RANDOM) == 0);
	t_check(madvise(p, 4 * page, MADV_NORMAL) == 0);
	t_check(madvise(p, 4 * page, MADV_FREE) == 0 && (p[0] == 'm' || p[0] == 0));
	t_check(madvise(p, 4 * page, MADV_POPULATE_WRITE) == 0);
	t_check(mincore(p, 4 * page, vec) == 0 && (vec[3] & 1));
	t_check(madvise(p, 4 * page, 12345) == -1 && errno == EINVAL);
	t_check(munmap(p + page, page) == 0);
	t_check(madvise(p, 4 * page, MADV_DONTNEED) == -1 && errno == ENOMEM && p[2 * page] == 0);
	t_check(mincore(p, 4 * page, vec) == -1 && errno == ENOMEM);
	t_check(munmap(p, 4 * page) == 0);
	p = map(NULL, 4 * page, RW, ANON | MAP_POPULATE, -1, 0);
	t_check(mincore(p, 4 * page, vec) == 0 && (vec[0] & 1) && (vec[3] & 1));
	t_check(mlock(p, page) == 0 && madvise(p, page, MADV_DONTNEED) == -1 && errno == EINVAL);
	t_check(munlock(p, page) == 0 && munmap(p, 4 * page) == 0);
}

static void file(const char *dir)
{
	char name[200], *a, *b, *c, buf[16] = "";
	int fd;

	snprintf(name, sizeof name, "%s/mapping-XXXXXX", dir);
	fd = mkstemp(name);
	t_check(fd >= 0 && ftruncate(fd, 5 * page / 2) == 0);
	a = map(NULL, 3 * page, RW, MAP_SHARED, fd, 0);
	b = map(NULL, 3 * page, RW, MAP_PRIVATE, fd, 0);
	if (a == MAP_FAILED || b == MAP_FAILED)
		return;
	a[0] = 'A';
	t_check(b[0] == 'A');
	b[0] = 'B';
	t_check(a[0] == 'A' && pread(fd, buf, 1, 0) == 1 && buf[0] == 'A');
	/* behind its end there are zeros, to the page's end, and they are not written */
	t_check(is_all(a + 5 * page / 2, page / 2, 0));
	a[5 * page / 2] = 'x';
	t_check(msync(a, 3 * page, MS_SYNC) == 0 && lseek(fd, 0, SEEK_END) == (off_t)(5 * page / 2));
	/* the other way: write, then look; a page that was not copied follows */
	t_check(pwrite(fd, "hello", 5, page + 3) == 5 && memcmp(a + page + 3, "hello", 5) == 0);
	t_check(memcmp(b + page + 3, "hello", 5) == 0);
	/* cut off and grown again: zeros; the private copy is gone too */
	b[page] = 'p';
	t_check(ftruncate(fd, page / 2) == 0 && ftruncate(fd, 3 * page) == 0);
	t_check(is_all(a + page / 2, 5 * page / 2, 0) && b[page] == 0 && a[0] == 'A' && b[0] == 'B');
	/* a page of the middle, alone */
	c = map(NULL, page, RW, MAP_SHARED, fd, 2 * page);
	c[9] = 'c';
	t_check(a[2 * page + 9] == 'c' && munmap(a + page, page) == 0);
	t_check(a[2 * page + 9] == 'c' && !readable(a + page) && a[0] == 'A');
	t_check(mremap(a + 2 * page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, a + page) == a + page);
	t_check(a[page + 9] == 'c' && !readable(a + 2 * page));
	/* closed and unlinked, it is there as long as it is mapped */
	t_check(msync(c, page, MS_ASYNC) == 0 && close(fd) == 0);
	fd = open(name, O_RDWR);
	t_check(pread(fd, buf, 1, 2 * page + 9) == 1 && buf[0] == 'c');
	t_check(close(fd) == 0 && unlink(name) == 0);
	c[10] = 'd';
	t_check(a[page + 10] == 'd' && b[0] == 'B');
	t_check(munmap(a, 3 * page) == 0 && munmap(b, 3 * page) == 0 && munmap(c, page) == 0);
}

static void seals(void)
{
	int fd = memfd_create("seals", MFD_ALLOW_SEALING), plain = memfd_create("plain", 0);
	char *p;

	t_check(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE) == -1 && errno == EPERM);
	t_check(fcntl(plain, F_GET_SEALS) == F_SEAL_SEAL && close(plain) == 0);
	t_check(fd >= 0 && write(fd, "sealed", 6) == 6 && fcntl(fd, F_GET_SEALS) == 0);
	t_check(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
	t_check(ftruncate(fd, 3) == -1 && errno == EPERM);
	t_check(ftruncate(fd, 9) == -1 && errno == EPERM);
	t_check(pwrite(fd, "S", 1, 0) == 1 && pwrite(fd, "S", 1, 6) == -1 && errno == EPERM);
	p = map(NULL, page, RW, MAP_SHARED, fd, 0);
	t_check(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0);
	p[1] = 'E';
	t_check(pwrite(fd, "X", 1, 0) == -1 && errno == EPERM);
	t_check(mmap(NULL, page, RW, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	t_check(munmap(p, page) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) == 0);
	t_check(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == -1 && errno == EPERM);
	p = map(NULL, page, RW, MAP_PRIVATE, fd, 0);
	p[0] = 'p';
	t_check(memcmp(p, "pEaled", 6) == 0 && munmap(p, page) == 0);
	p = map(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	t_check(memcmp(p, "SEaled", 6) == 0 && mprotect(p, page, RW) == -1 && errno == EACCES);
	t_check(munmap(p, page) == 0 && close(fd) == 0);
}

static void posix_shared_memory(void)
{
	int fd = shm_open("/mapping", O_RDWR | O_CREAT | O_EXCL, 0600), again;
	char *a, *b;

	t_check(fd >= 0 && ftruncate(fd, 2 * page) == 0);
	t_check(shm_open("/mapping", O_RDWR | O_CREAT | O_EXCL, 0600) == -1 && errno == EEXIST);
	again = shm_open("/mapping", O_RDONLY, 0);
	t_check(again >= 0 && again != fd);
	a = map(NULL, 2 * page, RW, MAP_SHARED, fd, 0);
	b = map(NULL, page, PROT_READ, MAP_SHARED, again, page);
	strcpy(a + page, "there");
	t_check(strcmp(b, "there") == 0 && shm_unlink("/mapping") == 0);
	t_check(shm_unlink("/mapping") == -1 && errno == ENOENT);
	strcpy(a + page, "still");
	t_check(strcmp(b, "still") == 0 && munmap(a, 2 * page) == 0 && munmap(b, page) == 0);
	close(fd);
	close(again);
}

int main(void)
{
	char here[150];

	page = sysconf(_SC_PAGESIZE);
	t_check(getcwd(here, sizeof here) != NULL);
	break_area();
	fixed();
	bad_arguments();
	remap();
	protection();
	advice();
	file("/tmp");
	file(here);
	seals();
	posix_shared_memory();
	return t_status;
}
