/* SPDX-License-Identifier: MIT */
/* TCP and UDP, IPv4 and IPv6, over the loopback device. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "test.h"

static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} a, b;
static socklen_t length;

/* a = the loopback address, any port */
static void loopback(int family)
{
	memset(&a, 0, sizeof a);
	a.any.sa_family = family;
	if (family == AF_INET) {
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		length = sizeof a.v4;
	} else {
		a.v6.sin6_addr = in6addr_loopback;
		length = sizeof a.v6;
	}
}

/* A socket bound to a; a gets its port. */
static int bound(int family, int type)
{
	int s = socket(family, type, 0);

	loopback(family);
	t_check(s >= 0);
	t_check(bind(s, &a.any, length) == 0);
	t_check(getsockname(s, &a.any, &length) == 0);
	return s;
}

/* More than the buffers hold, so that both sides wait for each other. */
static void pump(int from, int to)
{
	enum { TOTAL = 4 << 20 };
	static char buf[65536];
	struct pollfd p[2] = { { from, POLLOUT, 0 }, { to, POLLIN, 0 } };
	long sent = 0, got = 0, i, n;

	fcntl(from, F_SETFL, O_NONBLOCK);
	while (got < TOTAL) {
		if (poll(p, 2, 10000) <= 0) {
			t_error("sent %ld, received %ld, then nothing\n", sent, got);
			return;
		}
		if (p[0].revents) {
			for (i = 0; i < (long)sizeof buf; i++)
				buf[i] = (sent + i) * 7 >> 3;
			n = TOTAL - sent < (long)sizeof buf ? TOTAL - sent : (long)sizeof buf;
			n = write(from, buf, n);
			sent += n > 0 ? n : 0;
			if (sent == TOTAL)
				p[0].fd = -1;
		}
		if (p[1].revents) {
			n = read(to, buf, sizeof buf);
			for (i = 0; i < n; i++)
				if (buf[i] != (char)((got + i) * 7 >> 3)) {
					t_error("byte %ld is wrong\n", got + i);
					return;
				}
			got += n > 0 ? n : 0;
		}
	}
}

static void tcp(int family)
{
	int server = bound(family, SOCK_STREAM), client, s, one = 1;
	char c;

	client = socket(family, SOCK_STREAM, 0);
	t_check(connect(client, &a.any, length) == -1 && errno == ECONNREFUSED);
	t_check(listen(server, 1) == 0);
	t_check(connect(client, &a.any, length) == 0);
	length = sizeof b;
	s = accept(server, &b.any, &length);
	t_check(s >= 0 && b.any.sa_family == family);
	t_check(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
	t_check(write(client, "x", 1) == 1 && read(s, &c, 1) == 1 && c == 'x');
	pump(client, s);
	close(client);
	t_check(read(s, &c, 1) == 0);
	close(s);
	close(server);
}

static void udp(int family)
{
	int s = bound(family, SOCK_DGRAM), s2 = socket(family, SOCK_DGRAM, 0);
	socklen_t n = sizeof b;
	char buf[10];

	t_check(sendto(s2, "hello", 5, 0, &a.any, length) == 5);
	t_check(recvfrom(s, buf, 10, 0, &b.any, &n) == 5 && memcmp(buf, "hello", 5) == 0);
	t_check(sendto(s, "back", 4, 0, &b.any, n) == 4);
	t_check(recv(s2, buf, 10, 0) == 4 && memcmp(buf, "back", 4) == 0);
	close(s);
	close(s2);
}

int main(void)
{
	tcp(AF_INET);
	tcp(AF_INET6);
	udp(AF_INET);
	udp(AF_INET6);
	return t_status;
}
