/* SPDX-License-Identifier: MIT */
/* A machine that runs is asked to be kept: this is its own process, which is confined. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "api/control.h"
#include "devices/ctl.h"
#include "machine/machine.h"
#include "muslin.h"

#define PATIENCE 200		/* milliseconds, for a request that has been announced */

/* Of this user, or root; and of process pid, unless that is 0. */
bool control_is_ours(int fd, pid_t pid)
{
	struct ucred c;
	socklen_t n = sizeof(c);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) && n == sizeof(c) &&
		(c.uid == geteuid() || !c.uid) && (!pid || c.pid == pid);
}

/* The file that came with it, or negative. */
static int receive(int fd, struct request *r)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec v = { r, sizeof(*r) };
	struct msghdr msg = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct cmsghdr *c;
	ssize_t n = -1;
	int file = -1;

	if (poll(&p, 1, PATIENCE) > 0)
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	c = n >= 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&file, CMSG_DATA(c), sizeof(file));
	if (n == sizeof(*r) && !memcmp(r->magic, CONTROL_MAGIC, sizeof(r->magic)) && file >= 0)
		return file;
	if (file >= 0)
		close(file);
	return -1;
}

static int keep_in(struct muslin *m, int file)
{
	struct api_held held;
	struct stat st;
	int r;

	if (fstat(file, &st) || !S_ISREG(st.st_mode) || st.st_size)
		return fail(m, -EINVAL, "not an empty file");
	r = api_check(m);
	if (r)
		return r;
	api_hold(&held);
	r = snapshot_running(m, file, false);
	api_release(&held);
	return r;
}

/* One of them.  True: the machine is to end. */
static bool serve(struct muslin *m, int fd)
{
	struct answer a = { 0 };
	struct request r;
	int file = receive(fd, &r);

	if (file < 0)
		return false;
	a.error = keep_in(m, file);
	snprintf(a.text, sizeof(a.text), "%s", m->error);
	close(file);
	/* whoever asked may be gone */
	if (send(fd, &a, sizeof(a), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(a))
		return false;
	return !a.error && r.flags & MUSLIN_SNAPSHOT_END;
}

int control_serve(struct muslin *m)
{
	bool end = false;
	int fd;

	if (m->ctl->asked) {
		m->ctl->asked = false;
		fd = accept4(m->ctl->listen, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			end = control_is_ours(fd, 0) && serve(m, fd);
			close(fd);
		}
	}
	if (end)
		return fail(m, -ECANCELED, "it was kept in an image, and ended");
	if (atomic_exchange(&m->ctl->interrupted, false))
		return fail(m, -EINTR, "interrupted");
	return 0;
}

int muslin_interrupt(struct muslin *m)
{
	atomic_store(&m->ctl->interrupted, true);
	ctl_wake(m);
	return 0;
}
