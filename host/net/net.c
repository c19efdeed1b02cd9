/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host_page.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"
#include "machine/switch.h"
#include "net/net.h"
#include "net/stream.h"

struct net {
	int fd;			/* -1: the peer is gone */
	bool tap;
	unsigned int mtu;
	uint8_t address[NET_ADDRESS];
	struct net_address ip;
	bool told;		/* init has that */
	short watch;		/* an interrupt when one of these is ready */
	/* what has come, from the head of a frame on */
	uint8_t in[4 * WHOLE];
	size_t in_begin, in_end;
	/* what the peer did not take yet of a frame */
	uint8_t out[WHOLE];
	size_t out_begin, out_end;
};

int net_attach(struct muslin *m, int fd, bool tap, unsigned int mtu)
{
	struct net *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->fd = fd;
	n->tap = tap;
	n->mtu = mtu;
	if (getrandom(n->address, sizeof(n->address), 0) != sizeof(n->address)) {
		free(n);
		return -EIO;
	}
	/* a single interface's, that nobody has given out */
	n->address[0] = (n->address[0] & ~1) | 2;
	m->net = n;
	return 0;
}

void net_exit(struct muslin *m)
{
	if (!m->net)
		return;
	if (m->net->fd >= 0)
		close(m->net->fd);
	free(m->net);
	m->net = NULL;
}

void net_set_address(struct muslin *m, const struct net_address *a)
{
	m->net->ip = *a;
}

const struct net_address *net_address(struct muslin *m)
{
	if (!m->net || m->net->told)
		return NULL;
	m->net->told = true;
	return &m->net->ip;
}

/* The link is down, for good; why is a line for the embedder's log. */
static int hang_up(struct muslin *m, const char *why)
{
	uint32_t env = fenv_get();

	close(m->net->fd);
	m->net->fd = -1;
	m->net->watch = 0;
	m->net->in_begin = m->net->in_end = 0;
	m->net->out_begin = m->net->out_end = 0;
	irq_raise(m, HOST_IRQ_NET);
	if (m->log) {
		/* the embedder's code: not in a program's rounding mode */
		fenv_set(0);
		m->log(m->callback_arg, why, strlen(why));
		fenv_set(env);
	}
	return -ENETDOWN;
}

static int peer_is_gone(struct muslin *m)
{
	return hang_up(m, "muslin: network: the peer has gone\n");
}

/* 0 if it is tried again when the machine is interrupted. */
static bool is_over(int err)
{
	return err != EAGAIN && err != EINTR && err != ENOBUFS && err != ENOMEM;
}

/* --- to the peer --- */

/* 0, -EAGAIN if there is still some of it, or -ENETDOWN. */
static int flush_out(struct muslin *m)
{
	struct net *n = m->net;
	ssize_t r;

	while (n->out_begin < n->out_end) {
		r = send(n->fd, n->out + n->out_begin, n->out_end - n->out_begin,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && is_over(errno))
			return peer_is_gone(m);
		if (r < 0) {
			n->watch |= POLLOUT;
			return -EAGAIN;
		}
		n->out_begin += r;
	}
	return 0;
}

static ssize_t send_whole(struct net *n, uint8_t head[HEAD], void *frame, size_t len)
{
	struct iovec v[] = { { head, HEAD }, { frame, len } };
	struct msghdr h = { .msg_iov = v, .msg_iovlen = 2 };

	return sendmsg(n->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A stream may take a part: the rest is kept, so that no frame is cut short. */
static void keep_rest(struct net *n, const uint8_t head[HEAD], const void *frame,
		      size_t len, size_t sent)
{
	memcpy(n->out, head, HEAD);
	memcpy(n->out + HEAD, frame, len);
	n->out_begin = sent;
	n->out_end = HEAD + len;
	if (sent < n->out_end)
		n->watch |= POLLOUT;
}

static int send_stream(struct muslin *m, void *frame, uint32_t len)
{
	struct net *n = m->net;
	uint8_t head[HEAD];
	ssize_t r;
	int err = flush_out(m);

	if (err)
		return err;
	put_length(head, len);
	do
		r = send_whole(n, head, frame, len);
	while (r < 0 && errno == EINTR);
	if (r < 0 && is_over(errno))
		return peer_is_gone(m);
	if (r < 0) {
		n->watch |= POLLOUT;
		return -EAGAIN;
	}
	if ((size_t)r < HEAD + len)
		keep_rest(n, head, frame, len, r);
	return 0;
}

/* A frame that the device does not want is lost, as on any wire. */
static int send_tap(struct muslin *m, const void *frame, uint32_t len)
{
	ssize_t r;

	do
		r = write(m->net->fd, frame, len);
	while (r < 0 && errno == EINTR);
	if (r >= 0 || errno != EAGAIN)
		return 0;
	m->net->watch |= POLLOUT;
	return -EAGAIN;
}

/* --- from the peer --- */

/* -EAGAIN after which there is an interrupt, -ENETDOWN, or 0. */
static int read_more(struct muslin *m, uint8_t *p, size_t room, size_t *had)
{
	struct net *n = m->net;
	ssize_t r;

	do
		r = n->tap ? read(n->fd, p, room) : recv(n->fd, p, room, MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (!r || (r < 0 && is_over(errno)))
		return peer_is_gone(m);
	if (r < 0) {
		n->watch |= POLLIN;
		return -EAGAIN;
	}
	*had = r;
	return 0;
}

static int fill_stream(struct muslin *m)
{
	struct net *n = m->net;
	size_t had;
	int r;

	memmove(n->in, n->in + n->in_begin, n->in_end - n->in_begin);
	n->in_end -= n->in_begin;
	n->in_begin = 0;
	r = read_more(m, n->in + n->in_end, sizeof(n->in) - n->in_end, &had);
	if (!r)
		n->in_end += had;
	return r;
}

static int fill_tap(struct muslin *m)
{
	struct net *n = m->net;
	size_t had;
	int r = read_more(m, n->in + HEAD, HOST_NET_FRAME, &had);

	if (r)
		return r;
	put_length(n->in, had);
	n->in_begin = 0;
	n->in_end = HEAD + had;
	return 0;
}

/* The length of the frame at in_begin, which is whole; or an error. */
static int next(struct muslin *m)
{
	struct net *n = m->net;

	for (;;) {
		size_t have = n->in_end - n->in_begin;
		uint32_t len = have < HEAD ? 0 : length_at(n->in + n->in_begin);
		int r;

		if (have >= HEAD && (!len || len > HOST_NET_FRAME))
			return hang_up(m, "muslin: network: the peer has sent a frame of a wrong length\n");
		if (have >= HEAD && have - HEAD >= len)
			return len;
		r = n->fd < 0 ? -ENETDOWN : n->tap ? fill_tap(m) : fill_stream(m);
		if (r)
			return r;
	}
}

/* --- sleeping --- */

struct pollfd net_pollfd(const struct muslin *m)
{
	const struct net *n = m->net;

	if (!n || !n->watch)
		return (struct pollfd){ .fd = -1 };
	return (struct pollfd){ .fd = n->fd, .events = n->watch };
}

uint32_t net_ready(struct muslin *m, short revents)
{
	if (!revents)
		return 0;
	m->net->watch = 0;
	flush_out(m);
	return HOST_IRQ_NET;
}

/* --- the kernel's imports --- */

u32 w2c_host_net_link(struct w2c_host *h, u32 address)
{
	struct muslin *m = machine(h);
	uint8_t *p = kmem(m, address, NET_ADDRESS);

	if (!m->net)
		return -ENODEV;
	memcpy(p, m->net->address, NET_ADDRESS);
	return m->net->fd < 0 ? -ENETDOWN : (int)m->net->mtu;
}

u32 w2c_host_net_send(struct w2c_host *h, u32 frame, u32 len)
{
	struct muslin *m = machine(h);
	void *p;

	if (!len || len > HOST_NET_FRAME)
		return -EMSGSIZE;
	p = kmem(m, frame, len);
	if (!m->net || m->net->fd < 0)
		return -ENETDOWN;
	return m->net->tap ? send_tap(m, p, len) : send_stream(m, p, len);
}

u32 w2c_host_net_next(struct w2c_host *h)
{
	struct muslin *m = machine(h);

	return m->net ? next(m) : -ENETDOWN;
}

u32 w2c_host_net_receive(struct w2c_host *h, u32 buf, u32 len)
{
	struct muslin *m = machine(h);
	void *p = kmem(m, buf, len);
	struct net *n = m->net;
	int size = n ? next(m) : -ENETDOWN;

	if (size < 0)
		return size;
	if (len > (u32)size)
		len = size;
	memcpy(p, n->in + n->in_begin + HEAD, len);
	n->in_begin += HEAD + size;
	return len;
}
