/* SPDX-License-Identifier: MIT */
/*
 * muslin-copy read FILE | write FILE MODE: files of the guest for its embedder, by the
 * program's standard output or input.  The exit status is an errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "init.h"

static int copy(int from, int to)
{
	static char buf[65536];
	ssize_t n, r, at;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		for (at = 0; at < n; at += r) {
			r = write(to, buf + at, n - at);
			if (r < 0)
				return errno;
		}
	return n < 0 ? errno : 0;
}

/* A FIFO that nobody writes to is not waited for. */
static int read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return S_ISREG(st.st_mode) ? copy(fd, 1) : EINVAL;
}

static int write_file(const char *path, const char *mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC,
		      strtoul(mode, NULL, 8) & 0777);
	int r;

	if (fd < 0)
		return errno;
	r = copy(0, fd);
	return close(fd) && !r ? errno : r;
}

int copy_file(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "read"))
		return read_file(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "write"))
		return write_file(argv[2], argv[3]);
	return EINVAL;
}
