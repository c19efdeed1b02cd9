/* SPDX-License-Identifier: MIT */
/* The builder's process: how it is started, asked, and what it answers. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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
	pthread_mutex_t lock;	/* of all below: the thread of jobs may find it gone */
	/* sockets, builder_ask()'s, and builder_begin()'s; -1: it does not run */
	int asks, jobs;
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

/* Their descriptors in it. */
enum { ASKS = 3, JOBS, FIRST_FREE };

/* A copy of this process that makes one program. */
struct helper {
	uint32_t number;	/* the request's */
	int socket;		/* -1: free */
};

static struct helper helpers[BUILDER_MOST];

static void send_result(int socket, const struct build *b)
{
	struct builder_message m = {
		.type = BUILDER_RESULT, .number = b->request->number, .result = b->result,
	};

	send_with(socket, &m, sizeof(m), b->code);
	if (b->code >= 0)
		close(b->code);
}

/* To a request that nothing has been done about. */
static void send_failure(const struct build_request *request, int err, const char *why)
{
	struct build b = { .request = request, .code = -1 };

	build_failed(&b, err, "%s", why);
	send_result(JOBS, &b);
}

static bool map_image(struct build *b, int image)
{
	int64_t size = image < 0 ? -1 : memory_file_size(image);

	b->size = size;
	b->image = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, image, 0) : MAP_FAILED;
	return b->image != MAP_FAILED;
}

static struct helper *find_helper(uint32_t number, bool is_free)
{
	for (struct helper *h = helpers; h < helpers + BUILDER_MOST; h++)
		if (is_free ? h->socket < 0 : h->socket >= 0 && h->number == number)
			return h;
	return NULL;
}

/* It sees the end of its socket, and ends; wait_for_helpers() finds it. */
static void leave_helper(struct helper *h)
{
	close(h->socket);
	h->socket = -1;
}

static void wait_for_helpers(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static _Noreturn void help(struct build *b, int socket)
{
	/* others' ends would be without an end */
	close(ASKS);
	close(JOBS);
	for (struct helper *h = helpers; h < helpers + BUILDER_MOST; h++)
		if (h->socket >= 0)
			close(h->socket);
	b->client = socket;
	build_make(b);
	build_end(b);
	send_result(socket, b);
	_exit(0);
}

static int start_helper(struct build *b)
{
	struct helper *h = find_helper(0, true);
	int pair[2], r = 0;
	pid_t pid;

	if (!h)
		return build_failed(b, -EAGAIN, "too many programs at once");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return build_failed(b, -errno, "no socket: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		close(pair[0]);
		help(b, pair[1]);
	}
	if (pid < 0)
		r = build_failed(b, -errno, "cannot start what compiles it: %s",
				 strerror(errno));
	close(pair[1]);
	if (r) {
		close(pair[0]);
		return r;
	}
	h->number = b->request->number;
	h->socket = pair[0];
	return 0;
}

/* What is known is answered; for the rest there is a helper. */
static void serve(int socket, const struct build_request *request, int image)
{
	struct build b = { .request = request, .client = -1, .code = -1 };
	bool known = true;

	if (!map_image(&b, image)) {
		build_failed(&b, -ENOMEM, "out of memory");
	} else {
		known = build_begin(&b) || socket == ASKS || start_helper(&b);
		build_end(&b);
		munmap((void *)b.image, b.size);
	}
	if (known)
		send_result(socket, &b);
}

/* A message of a helper goes on to who waits for it. */
static void pass_on(struct helper *h)
{
	struct build_request request = { .number = h->number };
	struct builder_message m;
	int code;

	if (receive_with(h->socket, &m, sizeof(m), &code)) {
		leave_helper(h);
		send_failure(&request, -EIO, "the process that compiles it is gone");
		return;
	}
	m.number = h->number;
	send_with(JOBS, &m, sizeof(m), code);
	if (code >= 0)
		close(code);
	if (m.type == BUILDER_RESULT)
		leave_helper(h);
}

static void receive_request(int socket)
{
	static struct build_request request;
	struct helper *h;
	int image;

	if (receive_with(socket, &request, sizeof(request), &image))
		_exit(0);
	request.name[sizeof(request.name) - 1] = 0;
	h = request.type == BUILD_CANCEL ? find_helper(request.number, false) : NULL;
	if (h)
		leave_helper(h);
	if (request.type != BUILD_CANCEL)
		serve(socket, &request, image);
	if (image >= 0)
		close(image);
}

/* A session of its own: what is typed at a terminal is not for it. */
static void settle(int asks, int jobs)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	/* where no file takes its place */
	asks = fcntl(asks, F_DUPFD_CLOEXEC, FIRST_FREE);
	jobs = fcntl(jobs, F_DUPFD_CLOEXEC, FIRST_FREE);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (dup2(asks, ASKS) < 0 || dup2(jobs, JOBS) < 0)
		_exit(1);
	fcntl(ASKS, F_SETFD, FD_CLOEXEC);
	fcntl(JOBS, F_SETFD, FD_CLOEXEC);
	child_settle(FIRST_FREE);
	/* a file that may not be so large is an error */
	sigaction(SIGXFSZ, &ignored, NULL);
}

/* Those that there are: poll() takes no more than the process may have files. */
static int who_may_speak(struct pollfd p[2 + BUILDER_MOST], struct helper *of[BUILDER_MOST])
{
	int n = 0;

	p[0] = (struct pollfd){ .fd = ASKS, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = JOBS, .events = POLLIN };
	for (int i = 0; i < BUILDER_MOST; i++) {
		if (helpers[i].socket < 0)
			continue;
		p[2 + n] = (struct pollfd){ .fd = helpers[i].socket, .events = POLLIN };
		of[n++] = &helpers[i];
	}
	return n;
}

static void builder(void *sockets)
{
	struct pollfd p[2 + BUILDER_MOST];
	struct helper *of[BUILDER_MOST];
	int i, n;

	settle(((int *)sockets)[0], ((int *)sockets)[1]);
	for (i = 0; i < BUILDER_MOST; i++)
		helpers[i].socket = -1;
	for (;;) {
		n = who_may_speak(p, of);
		if (poll(p, 2 + n, -1) < 0) {
			if (errno == EINTR)
				continue;
			_exit(1);
		}
		for (i = 0; i < n; i++)
			if (p[2 + i].revents)
				pass_on(of[i]);
		for (i = 0; i < 2; i++)
			if (p[i].revents)
				receive_request(p[i].fd);
		wait_for_helpers();
	}
}

/* --- who runs a machine --- */

static int connect_both(int ours[2], int theirs[2])
{
	int pair[2], r;

	for (int i = 0; i < 2; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
			r = -errno;
			if (i) {
				close(ours[0]);
				close(theirs[0]);
			}
			return r;
		}
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	return 0;
}

/* Under its lock, unless it runs. */
static int start(struct builder *b)
{
	int ours[2] = { -1, -1 }, theirs[2], r;

	if (b->asks >= 0)
		return 0;
	r = connect_both(ours, theirs);
	if (r)
		return r;
	r = child_detach(builder, theirs);
	for (int i = 0; i < 2; i++) {
		close(theirs[i]);
		if (r)
			close(ours[i]);
	}
	if (r)
		return r;
	b->asks = ours[0];
	b->jobs = ours[1];
	return 0;
}

int builder_start(struct loader *loader)
{
	struct builder *b = loader->builder;
	int r;

	if (!b) {
		b = malloc(sizeof(*b));
		if (!b)
			return -ENOMEM;
		*b = (struct builder) { .asks = -1, .jobs = -1 };
		pthread_mutex_init(&b->lock, NULL);
		loader->builder = b;
	}
	pthread_mutex_lock(&b->lock);
	r = start(b);
	pthread_mutex_unlock(&b->lock);
	return r;
}

void builder_lose(struct loader *loader)
{
	struct builder *b = loader->builder;

	pthread_mutex_lock(&b->lock);
	if (b->asks >= 0) {
		close(b->asks);
		close(b->jobs);
	}
	b->asks = b->jobs = -1;
	pthread_mutex_unlock(&b->lock);
}

void builder_stop(struct loader *loader)
{
	if (!loader->builder)
		return;
	builder_lose(loader);
	free(loader->builder);
	loader->builder = NULL;
}

/* The builder is trusted; but what it answers, others have made. */
static bool plausible(uint32_t type, struct build_result *r, int code)
{
	r->reason[sizeof(r->reason) - 1] = 0;
	if (r->error > 0 || r->error < -4095)
		return false;
	if (r->error || type == BUILD_OUTDATED)
		return code < 0;
	if (code < 0 || memory_file_size(code) < 0)
		return false;
	return r->code == BUILD_OBJECT ||
		(r->code == BUILD_QUICK && r->size <= QUICK_PLACE &&
		 memory_file_size(code) >= (int64_t)r->size);
}

static int receive_answer(int socket, uint32_t type, struct builder_answer *a)
{
	struct builder_message msg;
	int r = receive_with(socket, &msg, sizeof(msg), &a->code);

	if (r)
		return r;
	a->number = msg.number;
	a->done = msg.type == BUILDER_RESULT;
	if (a->done) {
		a->result = msg.result;
		if (plausible(type, &a->result, a->code))
			return 0;
		r = -EPROTO;
	} else {
		msg.line[sizeof(msg.line) - 1] = 0;
		memcpy(a->line, msg.line, sizeof(a->line));
	}
	if (a->code >= 0)
		close(a->code);
	a->code = -1;
	return r;
}

int builder_ask(struct loader *loader, const struct build_request *request, int image,
		struct build_result *result)
{
	int r = builder_start(loader);
	struct builder *b = loader->builder;
	struct builder_answer a;

	if (r)
		return r;
	pthread_mutex_lock(&b->lock);
	r = send_with(b->asks, request, sizeof(*request), image);
	if (!r)
		r = receive_answer(b->asks, BUILD_OUTDATED, &a);
	pthread_mutex_unlock(&b->lock);
	if (!r)
		*result = a.result;
	return r;
}

int builder_fd(struct loader *loader)
{
	struct builder *b = loader->builder;
	int fd;

	pthread_mutex_lock(&b->lock);
	fd = b->jobs;
	pthread_mutex_unlock(&b->lock);
	return fd;
}

int builder_begin(struct loader *loader, const struct build_request *request, int image)
{
	int r = builder_start(loader);

	return r ? r : send_with(builder_fd(loader), request, sizeof(*request), image);
}

void builder_cancel(struct loader *loader, uint32_t number)
{
	const struct build_request request = { .type = BUILD_CANCEL, .number = number };

	/* one that is gone has nothing under way */
	send_with(builder_fd(loader), &request, sizeof(request), -1);
}

int builder_answer(struct loader *loader, struct builder_answer *a)
{
	a->code = -1;
	return receive_answer(builder_fd(loader), BUILD_PROGRAM, a);
}
