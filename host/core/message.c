/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/message.h"

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

int message_send(int socket, const void *data, size_t n, int fd)
{
	struct iovec v = { (void *)data, n };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };
	union control c = { 0 };
	ssize_t r;

	if (fd >= 0) {
		h.msg_control = &c;
		h.msg_controllen = sizeof(c);
		c.head = (struct cmsghdr) {
			CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&c.head), &fd, sizeof(int));
	}
	do
		r = sendmsg(socket, &h, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

int message_receive(int socket, void *data, size_t n, int *fd)
{
	struct iovec v = { data, n };
	union control c = { 0 };
	struct msghdr h = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &c, .msg_controllen = sizeof(c),
	};
	struct cmsghdr *m;
	ssize_t r;

	*fd = -1;
	do
		r = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	m = CMSG_FIRSTHDR(&h);
	if (m && m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(m), sizeof(int));
	if ((size_t)r == n && !(h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -EPIPE;
}
