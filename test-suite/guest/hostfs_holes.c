/* SPDX-License-Identifier: MIT */
/* lseek() found no hole in a directory of the host: SEEK_DATA went through zeros. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

#define PAGE 65536
#define FAR (8ll << 30)

static void data_is(int fd, off_t from, off_t at)
{
	off_t r = lseek(fd, from, SEEK_DATA);

	if (r != at || lseek(fd, 0, SEEK_CUR) != at)
		t_error("data from %lld: %lld\n", (long long)from, (long long)r);
}

/* Blocks are the host's, and no larger than a page. */
static void hole_follows(int fd, off_t from)
{
	off_t r = lseek(fd, from, SEEK_HOLE);

	if (r <= from || r > from + PAGE || lseek(fd, 0, SEEK_CUR) != r)
		t_error("hole from %lld: %lld\n", (long long)from, (long long)r);
}

static void nothing_is(int fd, off_t from, int whence)
{
	off_t before = lseek(fd, 0, SEEK_CUR);

	errno = 0;
	t_check(lseek(fd, from, whence) == -1 && errno == ENXIO);
	t_check(lseek(fd, 0, SEEK_CUR) == before);
}

int main(void)
{
	int fd = open("sparse", O_RDWR | O_CREAT, 0600);

	/* none of which the host has been told yet */
	t_check(pwrite(fd, "a", 1, 0) == 1);
	t_check(pwrite(fd, "b", 1, FAR) == 1);
	data_is(fd, 0, 0);
	hole_follows(fd, 0);
	data_is(fd, PAGE, FAR);
	t_check(lseek(fd, FAR, SEEK_HOLE) == FAR + 1);
	nothing_is(fd, FAR + 1, SEEK_DATA);
	nothing_is(fd, FAR + 1, SEEK_HOLE);
	nothing_is(fd, -1, SEEK_DATA);

	t_check(ftruncate(fd, 2 * FAR) == 0);
	hole_follows(fd, FAR);
	nothing_is(fd, FAR + PAGE, SEEK_DATA);
	close(fd);

	fd = open("sparse", O_WRONLY);
	data_is(fd, 2 * PAGE, FAR);
	close(fd);
	fd = open("empty", O_RDWR | O_CREAT, 0600);
	nothing_is(fd, 0, SEEK_DATA);
	nothing_is(fd, 0, SEEK_HOLE);
	close(fd);
	t_check(unlink("sparse") == 0 && unlink("empty") == 0);
	return t_status;
}
