/* SPDX-License-Identifier: MIT */
/* What ss asks: all sockets of a kind. */
#define _GNU_SOURCE
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static char buf[16384];

/* Does anything in the answer have these n bytes at offset? */
static int answers(const void *request, size_t len, size_t offset, const void *bytes, size_t n)
{
	struct { struct nlmsghdr n; char q[128]; } r = {
		.n = { .nlmsg_len = NLMSG_LENGTH(len), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), found = 0;
	struct nlmsghdr *h;
	ssize_t got;

	memcpy(r.q, request, len);
	send(s, &r, r.n.nlmsg_len, 0);
	while ((got = recv(s, buf, sizeof(buf), 0)) > 0) {
		for (h = (void *)buf; NLMSG_OK(h, got); h = NLMSG_NEXT(h, got)) {
			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
				close(s);
				return found;
			}
			found |= !memcmp((char *)NLMSG_DATA(h) + offset, bytes, n);
		}
	}
	return -1;
}

int main(void)
{
	struct inet_diag_req_v2 tcp = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP,
		.idiag_states = -1 };
	struct unix_diag_req un = { .sdiag_family = AF_UNIX, .udiag_states = -1 };
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	unsigned int inode;
	struct stat st;
	int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_UNIX, SOCK_DGRAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t_check(!bind(s, (void *)&a, sizeof(a)) && !listen(s, 1));
	t_check(!getsockname(s, (void *)&a, &len));
	t_check(answers(&tcp, sizeof(tcp), offsetof(struct inet_diag_msg, id.idiag_sport),
			&a.sin_port, 2) == 1);
	t_check(!fstat(u, &st));
	inode = st.st_ino;
	t_check(answers(&un, sizeof(un), offsetof(struct unix_diag_msg, udiag_ino), &inode, 4) == 1);
	return t_status;
}
