/* SPDX-License-Identifier: MIT */
/* Pipes: order, end of file, O_NONBLOCK, EPIPE, poll. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "test.h"

static short ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	t_check(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static void bytes_come_in_order(void)
{
	struct iovec v[2] = { { "wor", 3 }, { "ld", 2 } };
	char buf[20];
	int fd[2];

	t_check(pipe(fd) == 0);
	t_check(ready(fd[0], POLLIN) == 0 && ready(fd[1], POLLOUT) == POLLOUT);
	t_check(write(fd[1], "hello ", 6) == 6);
	t_check(writev(fd[1], v, 2) == 5);
	t_check(ready(fd[0], POLLIN) == POLLIN);
	t_check(read(fd[0], buf, 4) == 4 && memcmp(buf, "hell", 4) == 0);
	t_check(read(fd[0], buf, sizeof buf) == 7 && memcmp(buf, "o world", 7) == 0);
	close(fd[1]);
	t_check(ready(fd[0], POLLIN) == POLLHUP);
	t_check(read(fd[0], buf, sizeof buf) == 0);
	close(fd[0]);
}

static void full_or_empty_is_eagain(void)
{
	static char page[4096];
	int fd[2], n = 0;

	t_check(pipe2(fd, O_NONBLOCK | O_CLOEXEC) == 0);
	t_check(fcntl(fd[0], F_GETFD) == FD_CLOEXEC);
	t_check(read(fd[0], page, 1) == -1 && errno == EAGAIN);
	while (write(fd[1], page, sizeof page) == sizeof page)
		n++;
	t_check(errno == EAGAIN);
	if (n * (long)sizeof page != fcntl(fd[1], F_GETPIPE_SZ))
		t_error("full after %d pages, of %d bytes\n", n, fcntl(fd[1], F_GETPIPE_SZ));
	t_check(ready(fd[1], POLLOUT) == 0);
	close(fd[0]);
	close(fd[1]);
}

static void nobody_reads_is_epipe(void)
{
	int fd[2];

	signal(SIGPIPE, SIG_IGN);
	t_check(pipe(fd) == 0);
	close(fd[0]);
	t_check(write(fd[1], "x", 1) == -1 && errno == EPIPE);
	t_check(ready(fd[1], POLLOUT) == (POLLOUT | POLLERR));
	close(fd[1]);
}

static void wrong_ends(void)
{
	char c;
	int fd[2];

	t_check(pipe(fd) == 0);
	t_check(write(fd[0], "x", 1) == -1 && errno == EBADF);
	t_check(read(fd[1], &c, 1) == -1 && errno == EBADF);
	t_check(lseek(fd[0], 0, SEEK_CUR) == -1 && errno == ESPIPE);
	t_check(pipe2(fd, O_APPEND) == -1 && errno == EINVAL);
	t_check(pipe((int *)1) == -1 && errno == EFAULT);
}

int main(void)
{
	bytes_come_in_order();
	full_or_empty_is_eagain();
	nobody_reads_is_epipe();
	wrong_ends();
	return t_status;
}
