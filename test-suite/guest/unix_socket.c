/* SPDX-License-Identifier: MIT */
/* Unix sockets: pairs, names, datagrams, file descriptors, credentials. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "test.h"

static void pair_is_both_ways(void)
{
	char buf[10];
	int s[2];

	t_check(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	t_check(send(s[0], "ping", 4, 0) == 4 && send(s[1], "pong", 4, 0) == 4);
	t_check(recv(s[1], buf, 10, MSG_PEEK) == 4 && recv(s[1], buf, 10, 0) == 4);
	t_check(memcmp(buf, "ping", 4) == 0);
	t_check(recv(s[0], buf, 10, 0) == 4 && memcmp(buf, "pong", 4) == 0);
	t_check(recv(s[0], buf, 10, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	t_check(shutdown(s[0], SHUT_WR) == 0 && recv(s[1], buf, 10, 0) == 0);
	close(s[0]);
	t_check(send(s[1], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	close(s[1]);
}

static void listens_at(struct sockaddr_un *a, socklen_t length)
{
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client, s;
	struct ucred cred;
	socklen_t n = sizeof cred;
	char c;

	t_check(bind(server, (struct sockaddr *)a, length) == 0);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	t_check(connect(client, (struct sockaddr *)a, length) == -1 && errno == ECONNREFUSED);
	t_check(listen(server, 5) == 0);
	t_check(connect(client, (struct sockaddr *)a, length) == 0);
	s = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	t_check(s >= 0);
	t_check(write(client, "x", 1) == 1 && read(s, &c, 1) == 1 && c == 'x');
	t_check(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0);
	t_check(cred.pid == getpid() && cred.uid == getuid() && cred.gid == getgid());
	close(s);
	close(client);
	close(server);
}

static void names(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/socket-XXXXXX";

	t_check(mkdtemp(dir) != NULL);
	snprintf(a.sun_path, sizeof a.sun_path, "%s/s", dir);
	listens_at(&a, sizeof a);
	t_check(unlink(a.sun_path) == 0 && rmdir(dir) == 0);
	snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "abstract-%d", (int)getpid());
	a.sun_path[0] = '\0';
	listens_at(&a, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a.sun_path + 1));
}

static void datagrams_keep_their_borders(void)
{
	char buf[10];
	int s[2];

	t_check(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	t_check(send(s[0], "one", 3, 0) == 3 && send(s[0], "three", 5, 0) == 5);
	t_check(recv(s[1], buf, 10, 0) == 3);
	t_check(recv(s[1], buf, 2, MSG_TRUNC) == 5);
	close(s[0]);
	close(s[1]);
}

static void files_are_passed(void)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} u;
	struct iovec v = { "x", 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &u, .msg_controllen = sizeof u,
	};
	char byte, buf[4];
	int s[2], fd[2], got;

	t_check(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && pipe(fd) == 0);
	u.head.cmsg_level = SOL_SOCKET;
	u.head.cmsg_type = SCM_RIGHTS;
	u.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&u.head), &fd[1], sizeof(int));
	t_check(sendmsg(s[0], &m, 0) == 1);
	close(fd[1]);

	v.iov_base = &byte;
	memset(&u, 0, sizeof u);
	t_check(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC) == 1 && byte == 'x');
	t_check(u.head.cmsg_type == SCM_RIGHTS && m.msg_controllen >= CMSG_LEN(sizeof(int)));
	memcpy(&got, CMSG_DATA(&u.head), sizeof(int));
	t_check(write(got, "abc", 3) == 3 && read(fd[0], buf, 4) == 3);
	close(got);
	t_check(read(fd[0], buf, 4) == 0);
}

int main(void)
{
	pair_is_both_ways();
	names();
	datagrams_keep_their_borders();
	files_are_passed();
	return t_status;
}
