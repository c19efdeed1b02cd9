/* SPDX-License-Identifier: MIT */
/* muslin.h: to listen, before anything is confined; and to ask, in another process. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/control.h"
#include "api/whole-file.h"
#include "core/message.h"
#include "devices/ctl.h"
#include "image/image.h"
#include "machine/machine.h"
#include "muslin.h"

#define BACKLOG 4

static socklen_t make_name(struct sockaddr_un *a, pid_t pid)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* the first byte is 0 */
	return offsetof(struct sockaddr_un, sun_path) + 1 +
		snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "muslin-control-%d", (int)pid);
}

int muslin_control(struct muslin *m)
{
	struct sockaddr_un a;
	socklen_t n = make_name(&a, getpid());
	int fd;

	m->error[0] = 0;
	if (m->kernel || m->ctl->listen >= 0)
		return fail(m, -EBUSY, "too late to listen");
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) || listen(fd, BACKLOG)) {
		int r = fail(m, -errno, "control: %s", strerror(errno));

		if (fd >= 0)
			close(fd);
		return r;
	}
	m->ctl->listen = fd;
	return 0;
}

struct asking {
	pid_t pid;
	int flags;
	char *error;
	size_t n;
};

static int tell(const struct asking *k, int err, const char *why)
{
	snprintf(k->error, k->n, "%s", why);
	return err;
}

static int ask(const struct asking *k, int fd, int file)
{
	struct request r = { .flags = k->flags };
	struct answer a;
	ssize_t n;
	int err;

	memcpy(r.magic, CONTROL_MAGIC, sizeof(r.magic));
	err = message_send(fd, &r, sizeof(r), file);
	if (err)
		return tell(k, err, strerror(-err));
	do
		n = recv(fd, &a, sizeof(a), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(a) || a.error > 0)
		return tell(k, -EPIPE, "it has gone, or does not answer");
	a.text[sizeof(a.text) - 1] = 0;
	if (a.error)
		return tell(k, a.error, *a.text ? a.text : strerror(-a.error));
	return image_sign(file, k->error, k->n);
}

static int ask_process(void *arg, int file)
{
	const struct asking *k = arg;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r;
	struct sockaddr_un a;
	socklen_t n = make_name(&a, k->pid);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, n))
		r = tell(k, -ESRCH, "no machine of that process listens");
	else if (!control_is_ours(fd, k->pid))
		r = tell(k, -EPERM, "whoever listens is not that process, of yours");
	else
		r = ask(k, fd, file);
	close(fd);
	return r;
}

int muslin_snapshot_process(pid_t pid, const char *path, int flags, char *error, size_t n)
{
	struct asking k = { pid, flags, error, n };
	int r;

	*error = 0;
	r = whole_file(path, ask_process, &k);
	if (r && !*error)
		snprintf(error, n, "%s", strerror(-r));
	return r;
}
