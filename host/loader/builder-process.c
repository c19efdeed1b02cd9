/* SPDX-License-Identifier: MIT */
/* The builder: it answers what is known, and has helpers for the rest. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/memory-file.h"
#include "core/message.h"
#include "loader/builder.h"
#include "process/child.h"

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

	message_send(socket, &m, sizeof(m), b->code);
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

/* The helper sees the end of its socket, and ends; wait_for_helpers() finds it. */
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

	if (message_receive(h->socket, &m, sizeof(m), &code)) {
		leave_helper(h);
		send_failure(&request, -EIO, "the process that compiles it is gone");
		return;
	}
	m.number = h->number;
	message_send(JOBS, &m, sizeof(m), code);
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

	if (message_receive(socket, &request, sizeof(request), &image))
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

/* The sockets that there are: poll() takes no more than the process may have files. */
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

_Noreturn void builder_process(const int sockets[2])
{
	struct pollfd p[2 + BUILDER_MOST];
	struct helper *of[BUILDER_MOST];
	int i, n;

	settle(sockets[0], sockets[1]);
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
