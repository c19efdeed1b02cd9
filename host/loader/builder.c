/* SPDX-License-Identifier: MIT */
/* For who runs a machine: how its builder is started, asked, and what it answers. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "core/memory-file.h"
#include "core/message.h"
#include "loader/builder.h"
#include "loader/loader.h"
#include "process/child.h"

struct builder {
	pthread_mutex_t lock;	/* of all below: the thread of jobs may find it gone */
	/* sockets, builder_ask()'s, and builder_begin()'s; -1: it does not run */
	int asks, jobs;
};

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

/* In it: its ends of the sockets. */
static void run(void *theirs)
{
	builder_process(theirs);
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
	r = child_detach(run, theirs);
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
	int r = message_receive(socket, &msg, sizeof(msg), &a->code);

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
	r = message_send(b->asks, request, sizeof(*request), image);
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

	return r ? r : message_send(builder_fd(loader), request, sizeof(*request), image);
}

void builder_cancel(struct loader *loader, uint32_t number)
{
	const struct build_request request = { .type = BUILD_CANCEL, .number = number };

	/* one that is gone has nothing under way */
	message_send(builder_fd(loader), &request, sizeof(request), -1);
}

int builder_answer(struct loader *loader, struct builder_answer *a)
{
	a->code = -1;
	return receive_answer(builder_fd(loader), BUILD_PROGRAM, a);
}
