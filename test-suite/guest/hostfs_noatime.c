// SPDX-License-Identifier: MIT
// fs/hostfs: O_NOATIME was not passed on
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static const struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
static struct stat st;

/* atime is before mtime, so that the next read changes it (relatime). */
static void age(void)
{
	t_check(utimensat(AT_FDCWD, "f", old, 0) == 0);
}

static int open_and_read(int flags)
{
	char b;
	int fd = open("f", O_RDONLY | flags);

	t_check(fd >= 0 && read(fd, &b, 1) == 1 && b == 'x');
	return fd;
}

static int atime_stayed(void)
{
	return stat("f", &st) == 0 && st.st_atime == 1000;
}

int main(void)
{
	char b;
	int fd = open("f", O_RDWR | O_CREAT, 0600), other;

	t_check(write(fd, "x", 1) == 1 && close(fd) == 0);
	age();
	close(open_and_read(O_NOATIME));
	t_check(atime_stayed());
	/* the file is still open for the next one, on the host */
	close(open_and_read(0));
	if (atime_stayed()) {
		/* mounted with noatime: of no use for this test */
		return t_status;
	}

	age();
	fd = open_and_read(O_NOATIME);
	other = open("f", O_RDWR);
	t_check(other >= 0 && atime_stayed());
	t_check(pread(other, &b, 1, 0) == 1 && atime_stayed());
	close(fd);
	close(other);

	fd = open(".", O_RDONLY | O_DIRECTORY | O_NOATIME);
	t_check(fd >= 0 && close(fd) == 0);
	return t_status;
}
