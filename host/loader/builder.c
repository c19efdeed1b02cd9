/* SPDX-License-Identifier: MIT */
/* The builder's process: how it is started, asked, and what it answers. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "loader/builder.h"
#include "process/child.h"
#include "loader/loader.h"
#include "core/memory-file.h"

struct builder {
	int socket;
};

/* --- a message, and a descriptor or -1 --- */

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static int send_with(int socket, const void *data, size_t n, int fd)
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

/* A whole message of n bytes; all else is an error. */
static int receive_with(int socket, void *data, size_t n, int *fd)
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

/* --- the process --- */

static void serve(int socket, const struct build_request *request, int image)
{
	struct builder_message m = { .type = BUILDER_RESULT };
	int64_t size = image < 0 ? -1 : memory_file_size(image);
	struct build b = {
		.request = request, .size = size, .client = socket, .code = -1,
	};
	void *p = MAP_FAILED;

	if (size > 0)
		p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, image, 0);
	if (p == MAP_FAILED) {
		build_failed(&b, -ENOMEM, "out of memory");
	} else {
		b.image = p;
		build(&b);
		munmap(p, size);
	}
	m.result = b.result;
	send_with(socket, &m, sizeof(m), b.code);
	if (b.code >= 0)
		close(b.code);
}

/* A session of its own: what is typed at a terminal is not for it. */
static void settle(int socket)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	/* where no file takes its place */
	socket = fcntl(socket, F_DUPFD_CLOEXEC, 4);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (dup2(socket, 3) < 0)
		_exit(1);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	child_settle(4);
	/* a file that may not be so large is an error */
	sigaction(SIGXFSZ, &ignored, NULL);
}

static void builder(void *socket)
{
	static struct build_request request;
	int image;

	settle(*(int *)socket);
	while (!receive_with(3, &request, sizeof(request), &image)) {
		request.name[sizeof(request.name) - 1] = 0;
		serve(3, &request, image);
		if (image >= 0)
			close(image);
	}
	_exit(0);
}

/* --- who runs a machine --- */

int builder_start(struct loader *loader)
{
	int pair[2], r;

	if (loader->builder)
		return 0;
	loader->builder = calloc(1, sizeof(*loader->builder));
	if (!loader->builder)
		return -ENOMEM;
	r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ? -errno : 0;
	if (!r) {
		r = child_detach(builder, &pair[1]);
		close(pair[1]);
		loader->builder->socket = pair[0];
		if (r)
			close(pair[0]);
	}
	if (r) {
		free(loader->builder);
		loader->builder = NULL;
	}
	return r;
}

void builder_stop(struct loader *loader)
{
	if (!loader->builder)
		return;
	close(loader->builder->socket);
	free(loader->builder);
	loader->builder = NULL;
}

/* The builder is trusted; but what it answers, others have made. */
static bool plausible(const struct build_request *request,
		      struct build_result *r, int code)
{
	r->reason[sizeof(r->reason) - 1] = 0;
	if (r->error > 0 || r->error < -4095)
		return false;
	if (r->error || request->type == BUILD_OUTDATED)
		return code < 0;
	if (code < 0 || memory_file_size(code) < 0)
		return false;
	return r->code == BUILD_OBJECT ||
		(r->code == BUILD_QUICK && r->size <= QUICK_PLACE &&
		 memory_file_size(code) >= (int64_t)r->size);
}

static int answer(struct loader *loader, const struct build_request *request,
		  void (*progress)(void *arg, const char *line), void *arg,
		  struct build_result *result, int *code)
{
	struct builder_message msg;
	int r;

	for (;;) {
		r = receive_with(loader->builder->socket, &msg, sizeof(msg), code);
		if (r)
			return r;
		if (msg.type == BUILDER_RESULT)
			break;
		if (*code >= 0)
			close(*code);
		msg.line[sizeof(msg.line) - 1] = 0;
		if (request->progress)
			progress(arg, msg.line);
	}
	*result = msg.result;
	if (plausible(request, result, *code))
		return 0;
	if (*code >= 0)
		close(*code);
	*code = -1;
	return -EPROTO;
}

int builder_ask(struct loader *loader, const struct build_request *request, int image,
		void (*progress)(void *arg, const char *line), void *arg,
		struct build_result *result, int *code)
{
	int r = builder_start(loader);

	*code = -1;
	if (!r)
		r = send_with(loader->builder->socket, request, sizeof(*request), image);
	return r ? r : answer(loader, request, progress, arg, result, code);
}
