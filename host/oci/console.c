/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "oci/oci.h"

static bool send_master(const char *path, int master, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct iovec v = { (void *)name, strlen(name) };
	char buf[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = buf, .msg_controllen = sizeof(buf),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool done;

	if (strlen(path) >= sizeof(a.sun_path))
		return errno = ENAMETOOLONG, false;
	strcpy(a.sun_path, path);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &master, sizeof(int));
	done = s >= 0 && !connect(s, (struct sockaddr *)&a, sizeof(a)) &&
		sendmsg(s, &m, MSG_NOSIGNAL) >= 0;
	if (s >= 0)
		close(s);
	return done;
}

int console_make(const char *path, const struct process *p)
{
	struct winsize size = { .ws_row = p->rows, .ws_col = p->columns };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;
	char name[64];

	if (master < 0 || grantpt(master) || unlockpt(master) ||
	    ptsname_r(master, name, sizeof(name)) ||
	    (slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
		complain("a terminal: %s", strerror(errno));
	} else if ((size.ws_row || size.ws_col) && ioctl(slave, TIOCSWINSZ, &size)) {
		complain("a terminal's size: %s", strerror(errno));
	} else if (!send_master(path, master, name)) {
		complain("--console-socket %s: %s", path, strerror(errno));
	} else {
		close(master);
		return slave;
	}
	if (slave >= 0)
		close(slave);
	if (master >= 0)
		close(master);
	return -1;
}
