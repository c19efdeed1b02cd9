/* SPDX-License-Identifier: MIT */
/* epoll: level and edge triggered, one-shot, removal, timeouts. */
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static int ep;

static int control(int op, int fd, unsigned events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, op, fd, &e);
}

/* The events of fd, the only file that is ready; 0 if none is. */
static unsigned wait_for(int fd)
{
	struct epoll_event e[4];
	int n = epoll_wait(ep, e, 4, 0);

	if (n == 0)
		return 0;
	t_check(n == 1 && e[0].data.fd == fd);
	return e[0].events;
}

static void levels_and_edges(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	t_check(control(EPOLL_CTL_ADD, fd, EPOLLIN) == 0);
	t_check(control(EPOLL_CTL_ADD, fd, EPOLLIN) == -1 && errno == EEXIST);
	t_check(wait_for(fd) == 0);
	t_check(eventfd_write(fd, 1) == 0);
	t_check(wait_for(fd) == EPOLLIN && wait_for(fd) == EPOLLIN);

	t_check(control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET) == 0);
	t_check(wait_for(fd) == EPOLLIN && wait_for(fd) == 0);
	t_check(eventfd_write(fd, 1) == 0);
	t_check(wait_for(fd) == EPOLLIN && wait_for(fd) == 0);

	t_check(control(EPOLL_CTL_MOD, fd, EPOLLOUT | EPOLLONESHOT) == 0);
	t_check(wait_for(fd) == EPOLLOUT && wait_for(fd) == 0);
	t_check(control(EPOLL_CTL_MOD, fd, EPOLLOUT) == 0);
	t_check(wait_for(fd) == EPOLLOUT);

	t_check(control(EPOLL_CTL_DEL, fd, 0) == 0);
	t_check(control(EPOLL_CTL_DEL, fd, 0) == -1 && errno == ENOENT);
	t_check(wait_for(fd) == 0);
	close(fd);
}

static void closed_files_are_forgotten(void)
{
	int fd[2];

	t_check(pipe(fd) == 0);
	t_check(control(EPOLL_CTL_ADD, fd[0], EPOLLIN) == 0);
	close(fd[1]);
	t_check(wait_for(fd[0]) == EPOLLHUP);
	close(fd[0]);
	t_check(wait_for(-1) == 0);
}

static void waits_as_long_as_told(void)
{
	struct timespec a, b;
	struct epoll_event e;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &a);
	t_check(epoll_wait(ep, &e, 1, 30) == 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
	if (ms < 30 || ms > 5000)
		t_error("waited %ld ms, not 30\n", ms);
}

int main(void)
{
	ep = epoll_create1(EPOLL_CLOEXEC);
	t_check(ep >= 0);
	levels_and_edges();
	closed_files_are_forgotten();
	waits_as_long_as_told();
	t_check(control(EPOLL_CTL_ADD, ep, EPOLLIN) == -1 && errno == EINVAL);
	t_check(control(EPOLL_CTL_ADD, 99, EPOLLIN) == -1 && errno == EBADF);
	return t_status;
}
