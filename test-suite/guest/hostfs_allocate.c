/* SPDX-License-Identifier: MIT */
/* posix_fallocate() and fallocate() failed in a directory of the host. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

#define PAGE 65536
#define SIZE (4 * PAGE)
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static off_t size_of(int fd)
{
	struct stat st;

	t_check(fstat(fd, &st) == 0);
	return st.st_size;
}

static void is(int fd, off_t at, char c)
{
	char was = 1;

	t_check(pread(fd, &was, 1, at) == 1);
	if (was != c)
		t_error("at %lld: %d, not %d\n", (long long)at, was, c);
}

static void grows(int fd)
{
	t_check(pwrite(fd, "abc", 3, 0) == 3);
	t_check(posix_fallocate(fd, 0, SIZE) == 0 && size_of(fd) == SIZE);
	is(fd, 2, 'c');
	is(fd, 3, 0);
	is(fd, SIZE - 1, 0);
	t_check(posix_fallocate(fd, 0, PAGE) == 0 && size_of(fd) == SIZE);
	t_check(fallocate(fd, FALLOC_FL_KEEP_SIZE, SIZE, PAGE) == 0 && size_of(fd) == SIZE);
}

/* What is written, and not yet the host's, goes; what is beside it stays. */
static void hole(int fd)
{
	static char data[SIZE];
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	t_check(p != MAP_FAILED);
	memset(data, 'x', SIZE);
	t_check(pwrite(fd, data, SIZE, 0) == SIZE && p[PAGE] == 'x');
	t_check(fallocate(fd, PUNCH, PAGE - 4096, PAGE + 8192) == 0 && size_of(fd) == SIZE);
	is(fd, PAGE - 4097, 'x');
	is(fd, PAGE - 4096, 0);
	is(fd, 2 * PAGE + 4095, 0);
	is(fd, 2 * PAGE + 4096, 'x');
	t_check(p[PAGE - 4097] == 'x' && !p[PAGE] && p[2 * PAGE + 4096] == 'x');
	p[PAGE + 1] = 'y';
	is(fd, PAGE + 1, 'y');
	t_check(munmap(p, SIZE) == 0);
}

static void refused(int fd)
{
	const struct rlimit limit = { SIZE, SIZE };
	int other = open("room", O_RDONLY);

	t_check(fallocate(other, 0, 0, 1) == -1 && errno == EBADF);
	t_check(fallocate(fd, FALLOC_FL_UNSHARE_RANGE, 0, PAGE) == -1 && errno == EOPNOTSUPP);
	t_check(fallocate(fd, 0, 0, 0) == -1 && errno == EINVAL);
	t_check(fallocate(fd, 0, -1, 1) == -1 && errno == EINVAL);
	signal(SIGXFSZ, SIG_IGN);
	t_check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	t_check(fallocate(fd, 0, SIZE, 1) == -1 && errno == EFBIG && size_of(fd) == SIZE);
	close(other);
}

int main(void)
{
	int fd = open("room", O_RDWR | O_CREAT, 0600);

	grows(fd);
	hole(fd);
	refused(fd);
	close(fd);
	fd = open("room", O_RDONLY);
	is(fd, PAGE, 0);
	is(fd, PAGE + 1, 'y');
	is(fd, SIZE - 1, 'x');
	close(fd);
	t_check(unlink("room") == 0);
	return t_status;
}
