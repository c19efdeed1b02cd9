/* SPDX-License-Identifier: MIT */
/* A program in a machine: its input, its output, its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attend/client.h"
#include "muslin.h"
#include "serve/serve.h"

#define START_MS	60000	/* the C compiler may be waited for */
#define DEATH_MS	1000	/* from SIGKILL to what its kernel says of it */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What it has done is taken from its answers. */
static void hear(struct running *r)
{
	struct attend_reply a;
	int n = attend_answer(r->answers, &a, 0);

	if (n == -ETIMEDOUT)
		return;
	r->ended = true;
	r->lost = n != 1 || a.type != ATTEND_CHANGED;
	r->status = r->lost ? 0 : a.value;
}

static int await_start(struct running *r, char *why, size_t size)
{
	struct attend_reply a;
	int n = attend_answer(r->answers, &a, START_MS);

	if (n == 1 && a.type == ATTEND_STARTED && a.value > 0) {
		r->id = a.value;
		return 0;
	}
	if (n == 1 && a.value < 0) {
		snprintf(why, size, "%s", a.text);
		return a.value;
	}
	snprintf(why, size, n ? "the machine does not answer" : "the machine is gone");
	return n < 0 ? n : -ESHUTDOWN;
}

int running_start(struct running *r, int control, struct muslin_program *p,
		  const char *input, size_t size, double seconds, char *why, size_t n)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, e = 0;

	*r = (struct running) {
		.control = control, .answers = -1, .in = -1, .out = { -1, -1 },
		.input = input, .input_size = size,
	};
	snprintf(why, n, "no pipes");
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		e = -errno;
	r->in = in[1];
	r->out[0] = out[0];
	r->out[1] = err[0];
	if (!e) {
		fcntl(r->in, F_SETFL, O_NONBLOCK);
		fcntl(r->out[0], F_SETFL, O_NONBLOCK);
		fcntl(r->out[1], F_SETFL, O_NONBLOCK);
		p->fd[0] = in[0];
		p->fd[1] = out[1];
		p->fd[2] = err[1];
		r->answers = attend_spawn(control, p, 0);
		e = r->answers < 0 ? r->answers : 0;
		snprintf(why, n, "%s", e == -E2BIG ? "too much to be told" : "the machine is gone");
	}
	shut(&in[0]);
	shut(&out[1]);
	shut(&err[1]);
	if (!e)
		e = await_start(r, why, n);
	if (!size)
		shut(&r->in);
	r->deadline = now_ms() + (int64_t)(seconds * 1000);
	if (e) {
		r->ended = true;
		running_stop(r);
	}
	return e;
}

/* Its whole session may be left behind: only the machine's end ends that. */
static void kill_it(struct running *r)
{
	int fd = attend_ask(r->control, ATTEND_KILL, -r->id, SIGKILL);

	if (fd >= 0)
		close(fd);
	fd = attend_ask(r->control, ATTEND_KILL, r->id, SIGKILL);
	if (fd >= 0)
		close(fd);
}

static void write_some(struct running *r)
{
	ssize_t n = write(r->in, r->input, r->input_size);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n >= 0) {
		r->input += n;
		r->input_size -= n;
	}
	if (n < 0 || !r->input_size)
		shut(&r->in);
}

/* -1: nothing now. */
static ssize_t read_some(struct running *r, int i, void *buf, size_t n)
{
	ssize_t got = r->out[i] < 0 ? 0 : read(r->out[i], buf, n);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return -1;
	if (got <= 0)
		shut(&r->out[i]);
	return got > 0 ? got : -1;
}

/* Time is over: first the program ends, then, if its kernel does not do that, we go. */
static void check_time(struct running *r)
{
	if (r->ended || now_ms() < r->deadline)
		return;
	if (r->late) {
		r->ended = r->lost = true;
		return;
	}
	r->late = true;
	r->deadline = now_ms() + DEATH_MS;
	kill_it(r);
}

/* What it has left in the pipes is all there, once it has ended. */
ssize_t running_read(struct running *r, void *buf, size_t n, int *which)
{
	for (;;) {
		bool ended = r->ended;
		int64_t left = r->deadline - now_ms();
		struct pollfd p[] = {
			{ .fd = r->out[0], .events = POLLIN },
			{ .fd = r->out[1], .events = POLLIN },
			{ .fd = r->in, .events = POLLOUT },
			{ .fd = ended ? -1 : r->answers, .events = POLLIN },
		};

		poll(p, 4, ended || left < 0 ? 0 : left > 10000 ? 10000 : left);
		for (*which = 0; *which < 2; ++*which) {
			ssize_t got = p[*which].revents ? read_some(r, *which, buf, n) : -1;

			if (got > 0)
				return got;
		}
		if (ended)
			return 0;
		if (p[2].revents)
			write_some(r);
		if (p[3].revents)
			hear(r);
		check_time(r);
	}
}

void running_stop(struct running *r)
{
	if (!r->ended)
		kill_it(r);
	shut(&r->in);
	shut(&r->out[0]);
	shut(&r->out[1]);
	shut(&r->answers);
	shut(&r->control);
}
