/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "devices/ctl.h"
#include "host_page.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"
#include "devices/stream.h"
#include "devices/tty.h"

/*
 * A description of its own, for a pipe or a terminal: O_NONBLOCK on the one
 * that we got would show in the shell.  -1 if there can be none: that of a
 * pseudo terminal's master would be another terminal.
 */
static int open_again(int fd, const struct stat *st)
{
	int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
	unsigned int pty;
	char path[32];

	if (!S_ISFIFO(st->st_mode) &&
	    !(S_ISCHR(st->st_mode) && isatty(fd) && ioctl(fd, TIOCGPTN, &pty)))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int stream_open_fd(struct stream *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	s->watch = 0;
	s->used = false;
	s->regular = S_ISREG(st.st_mode);
	s->fd = open_again(fd, &st);
	if (s->fd >= 0) {
		s->kind = STREAM_OWN;
		return 0;
	}
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) || S_ISDIR(st.st_mode))
		s->kind = STREAM_FILE;
	else if (S_ISSOCK(st.st_mode))
		s->kind = STREAM_SOCKET;
	else
		s->kind = STREAM_SHARED;
	return 0;
}

void stream_close_fd(struct stream *s)
{
	if (s->kind == STREAM_FREE)
		return;
	close(s->fd);
	*s = (struct stream){ .fd = -1, .kind = STREAM_FREE };
}

int stream_poll(struct stream *s, int events)
{
	struct pollfd p = { .fd = s->fd, .events = events };

	if (s->kind == STREAM_FREE)
		return -ENODEV;
	if (s->kind == STREAM_FILE)
		return events & (POLLIN | POLLOUT);
	return poll(&p, 1, 0) > 0 ? p.revents : 0;
}

static ssize_t read_once(struct stream *s, void *buf, size_t n)
{
	switch (s->kind) {
	case STREAM_SOCKET:
		return recv(s->fd, buf, n, MSG_DONTWAIT);
	case STREAM_SHARED:
		if (stream_poll(s, POLLIN) <= 0)
			return errno = EAGAIN, -1;
		/* fall through */
	default:
		return read(s->fd, buf, n);
	}
}

static ssize_t write_once(struct stream *s, const void *buf, size_t n)
{
	switch (s->kind) {
	case STREAM_SOCKET:
		return send(s->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case STREAM_SHARED:
		if (stream_poll(s, POLLOUT) <= 0)
			return errno = EAGAIN, -1;
		return write(s->fd, buf, n < PIPE_BUF ? n : PIPE_BUF);
	default:
		return write(s->fd, buf, n);
	}
}

/* Interrupts are signals: EINTR means nothing to the guest. */
ssize_t stream_read(struct stream *s, void *buf, size_t n)
{
	ssize_t r;

	if (s->kind == STREAM_FREE)
		return -ENODEV;
	do
		r = read_once(s, buf, n);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

ssize_t stream_write(struct stream *s, const void *buf, size_t n)
{
	ssize_t r;

	if (s->kind == STREAM_FREE)
		return -ENODEV;
	do
		r = write_once(s, buf, n);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

ssize_t stream_room(struct muslin *m, size_t n)
{
	if (!m->limits.output_limited || n <= m->limits.output)
		return n;
	return m->limits.output ? (ssize_t)m->limits.output : -ENOSPC;
}

ssize_t stream_wrote(struct muslin *m, ssize_t r)
{
	if (r > 0 && m->limits.output_limited)
		m->limits.output -= r;
	return r;
}

/* --- the table --- */

int streams_init(struct muslin *m)
{
	m->streams = calloc(1, sizeof(*m->streams));
	return m->streams ? 0 : -ENOMEM;
}

void streams_exit(struct muslin *m)
{
	int n;

	if (!m->streams)
		return;
	for (n = 0; n < m->streams->end; n++)
		stream_detach(m, n);
	free(m->streams);
	m->streams = NULL;
}

int stream_attach(struct muslin *m, int fd)
{
	struct streams *t = m->streams;
	int n, r;

	for (n = HOST_STREAM_CTL + 1; n < HOST_STREAMS; n++)
		if (t->s[n].kind == STREAM_FREE)
			break;
	if (n == HOST_STREAMS)
		return -EMFILE;
	r = stream_open_fd(&t->s[n], fd);
	if (r)
		return r;
	if (t->end <= n)
		t->end = n + 1;
	return n;
}

int stream_attach_as(struct muslin *m, int n, int fd)
{
	struct streams *t = m->streams;
	int r = stream_open_fd(&t->s[n], fd);

	if (r)
		return r;
	t->s[n].used = true;
	if (t->end <= n)
		t->end = n + 1;
	return 0;
}

bool stream_full(struct muslin *m)
{
	struct stream *s;

	for (s = m->streams->s; s < m->streams->s + m->streams->end; s++)
		if (s->kind != STREAM_FREE && s->watch & POLLOUT)
			return true;
	return false;
}

void stream_detach(struct muslin *m, int n)
{
	stream_close_fd(&m->streams->s[n]);
}

bool stream_used(struct muslin *m, int n)
{
	return m->streams->s[n].used;
}

bool stream_regular(struct muslin *m, int n)
{
	return m->streams->s[n].regular;
}

/* --- sleeping --- */

int stream_pollfds(struct muslin *m, struct pollfd *p)
{
	struct pollfd *q = p;
	struct stream *s;

	*q++ = (struct pollfd){ .fd = ctl_wake_fd(m), .events = POLLIN };
	*q++ = (struct pollfd){ .fd = m->tty->watch ? m->tty->s.fd : -1,
				.events = m->tty->watch };
	*q++ = (struct pollfd){ .fd = m->ctl->watched ? -1 : m->ctl->watch, .events = POLLIN };
	for (s = m->streams->s; s < m->streams->s + m->streams->end; s++)
		if (s->kind != STREAM_FREE && s->watch)
			*q++ = (struct pollfd){ .fd = s->fd, .events = s->watch };
	return q - p;
}

uint32_t stream_ready(struct muslin *m, const struct pollfd *p)
{
	uint32_t irq = 0;
	struct stream *s;

	if (p++->revents)
		irq |= ctl_woken(m) | tty_woken(m);
	if (p++->revents) {
		m->tty->watch = 0;
		irq |= HOST_IRQ_TTY;
	}
	if (p++->revents)
		m->ctl->watched = true;
	for (s = m->streams->s; s < m->streams->s + m->streams->end; s++) {
		if (s->kind == STREAM_FREE || !s->watch || !p++->revents)
			continue;
		s->watch = 0;
		irq |= HOST_IRQ_STREAM;
	}
	return irq;
}

uint32_t stream_check(struct muslin *m)
{
	struct pollfd p[STREAM_POLLFDS];
	int n = stream_pollfds(m, p);

	return poll(p, n, 0) > 0 ? stream_ready(m, p) : 0;
}

/* --- the kernel's imports --- */

#define CTL_MOST 65536

/* The driver has HOST_STREAMS minors. */
struct stream *stream_get(struct muslin *m, uint32_t n)
{
	struct stream *s;

	if (n >= HOST_STREAMS)
		machine_refuse(m, "passed stream %u, which there is not", n);
	s = &m->streams->s[n];
	s->used = true;
	return s;
}

u32 w2c_host_stream_read(struct w2c_host *h, u32 n, u32 buf, u32 len)
{
	struct muslin *m = machine(h);

	if (n == HOST_STREAM_CTL)
		return ctl_read(m, kmem(m, buf, len), len);
	return stream_read(stream_get(m, n), kmem(m, buf, len), len);
}

u32 w2c_host_stream_write(struct w2c_host *h, u32 n, u32 buf, u32 len)
{
	struct muslin *m = machine(h);
	ssize_t room;

	/* it is kept here until it is whole */
	if (n == HOST_STREAM_CTL && len > CTL_MOST)
		len = CTL_MOST;
	if (n == HOST_STREAM_CTL)
		return ctl_write(m, kmem(m, buf, len), len);
	room = stream_room(m, len);
	if (room < 0)
		return room;
	return stream_wrote(m, stream_write(stream_get(m, n), kmem(m, buf, len), room));
}

u32 w2c_host_stream_poll(struct w2c_host *h, u32 n)
{
	struct muslin *m = machine(h);
	int r;

	if (n == HOST_STREAM_CTL)
		return POLLOUT | (ctl_pending(m) ? POLLIN : 0);
	r = stream_poll(stream_get(m, n), POLLIN | POLLOUT);
	return r < 0 ? r : r & (POLLIN | POLLOUT | POLLHUP | POLLERR);
}

/* The control channel needs no watch: a message to it is an interrupt. */
void w2c_host_stream_watch(struct w2c_host *h, u32 n, u32 events)
{
	stream_get(machine(h), n)->watch |= events & (POLLIN | POLLOUT);
}

u64 w2c_host_stream_seek(struct w2c_host *h, u32 n, u64 offset, u32 whence)
{
	struct stream *s = stream_get(machine(h), n);
	off_t r;

	if (s->kind != STREAM_FILE)
		return -ESPIPE;
	r = lseek(s->fd, offset, whence);
	return r < 0 ? -errno : r;
}

void w2c_host_stream_close(struct w2c_host *h, u32 n)
{
	stream_close_fd(stream_get(machine(h), n));
}
