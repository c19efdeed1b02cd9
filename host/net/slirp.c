/* SPDX-License-Identifier: MIT */
/*
 * libslirp is loaded here, in a process of its own: who needs no network needs
 * no library.  Every frame of the guest goes by from_guest() before it.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/confine.h"
#include "net/dns.h"
#include "net/frame.h"
#include "net/slirp.h"
#include "net/stream.h"
#include "net/user.h"

#define LIBRARY "libslirp.so.0"
#define QUEUE (8u << 20)	/* bytes that the guest does not take */
#define FLOWS 1024
#define TIMERS 8
#define SOCKETS 4096

/* fec0::/64, as QEMU has it */
#define PREFIX6 { { { 0xfe, 0xc0 } } }
#define PREFIX6_BITS 64

static struct {
	Slirp *(*new)(const SlirpConfig *, const SlirpCb *, void *);
	void (*pollfds_fill)(Slirp *, uint32_t *, SlirpAddPollCb, void *);
	void (*pollfds_poll)(Slirp *, int, SlirpGetREventsCb, void *);
	void (*input)(Slirp *, const uint8_t *, int);
	int (*add_hostfwd)(Slirp *, int, struct in_addr, int, struct in_addr, int);
} lib;

struct timer {
	SlirpTimerCb fn;
	void *arg;
	int64_t when;		/* milliseconds; -1: not set */
};

/* A datagram came from there to a published port: answers may go back. */
struct flow {
	struct in6_addr address;
	uint16_t port, guest_port;
};

struct process {
	struct user *user;
	Slirp *slirp;
	struct dns dns;
	int frames;
	uint8_t in[4 * WHOLE];
	size_t in_end;
	uint8_t *out;
	size_t out_begin, out_end, out_size;
	struct timer timers[TIMERS];
	struct flow flows[FLOWS];
	size_t next_flow;
	struct pollfd fds[SOCKETS];
	int nfds;
};

#define FRAMES_FD 0
#define DNS_FD 1
#define FIRST_FD (DNS_FD + QUERIES)

/* --- frames to the guest --- */

static void flush_out(struct process *p)
{
	ssize_t r;

	while (p->out_begin < p->out_end) {
		r = send(p->frames, p->out + p->out_begin, p->out_end - p->out_begin,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return;		/* if nobody is there, reading shows it */
		p->out_begin += r;
	}
	p->out_begin = p->out_end = 0;
}

static bool make_room(struct process *p, size_t n)
{
	size_t used = p->out_end - p->out_begin, size;
	uint8_t *more;

	if (p->out_size - p->out_end >= n)
		return true;
	memmove(p->out, p->out + p->out_begin, used);
	p->out_begin = 0;
	p->out_end = used;
	if (p->out_size - p->out_end >= n)
		return true;
	size = (used + n) * 2;
	if (used + n > QUEUE)
		return false;
	more = realloc(p->out, size);
	if (!more)
		return false;
	p->out = more;
	p->out_size = size;
	return true;
}

/* What the guest does not take in time is lost, as on any wire. */
static void to_guest(void *arg, const uint8_t *frame, size_t n)
{
	struct process *p = arg;

	if (!n || n > HOST_NET_FRAME || !make_room(p, HEAD + n))
		return;
	put_length(p->out + p->out_end, n);
	memcpy(p->out + p->out_end + HEAD, frame, n);
	p->out_end += HEAD + n;
}

static bool is_published(const struct process *p, bool udp, uint16_t port)
{
	const struct user *u = p->user;

	for (size_t i = 0; i < u->npublished; i++)
		if (u->published[i].udp == udp && u->published[i].guest_port == port)
			return true;
	return false;
}

static bool has_flow(const struct process *p, const struct in6_addr *a, uint16_t port,
		     uint16_t guest_port)
{
	for (size_t i = 0; i < FLOWS; i++)
		if (p->flows[i].port == port && p->flows[i].guest_port == guest_port &&
		    IN6_ARE_ADDR_EQUAL(a, &p->flows[i].address))
			return true;
	return false;
}

static ssize_t send_packet(const void *buf, size_t n, void *arg)
{
	struct process *p = arg;
	struct packet k;

	if (p->user->npublished && frame_parse(buf, n, &k) == FRAME_PACKET &&
	    k.protocol == IPPROTO_UDP && is_published(p, true, k.to_port) &&
	    !has_flow(p, &k.from, k.from_port, k.to_port))
		p->flows[p->next_flow++ % FLOWS] =
			(struct flow){ k.from, k.from_port, k.to_port };
	to_guest(p, buf, n);
	return n;
}

/* --- frames of the guest --- */

static uint32_t ipv4(const struct in6_addr *a)
{
	uint32_t v;

	memcpy(&v, a->s6_addr + 12, 4);
	return v;
}

static bool is_inside6(const struct in6_addr *a)
{
	static const struct in6_addr prefix = PREFIX6;

	return !memcmp(a, &prefix, PREFIX6_BITS / 8);
}

/* libslirp makes the host's loopback of all addresses of the guest's network. */
static struct in6_addr meant(const struct process *p, const struct packet *k)
{
	const struct net_address *ip = &p->user->ip;
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

	if (k->ipv6)
		return is_inside6(&k->to) ? loopback : k->to;
	if ((ipv4(&k->to) & ip->netmask) == (ip->address & ip->netmask))
		return address_of_ipv4(htonl(INADDR_LOOPBACK));
	return k->to;
}

static bool is_group(const struct process *p, const struct packet *k)
{
	const struct net_address *ip = &p->user->ip;

	if (k->ipv6)
		return IN6_IS_ADDR_MULTICAST(&k->to);
	return IN_MULTICAST(ntohl(ipv4(&k->to))) || ipv4(&k->to) == INADDR_BROADCAST ||
		ipv4(&k->to) == (ip->address | ~ip->netmask);
}

/* Of the network that libslirp makes: neighbours, an echo of its gateway, DHCP. */
static bool is_local(const struct process *p, const struct packet *k)
{
	const struct net_address *ip = &p->user->ip;

	if (k->protocol == IPPROTO_ICMPV6)
		return k->type == 133 || k->type == 135 || k->type == 136 ||
			(k->type == 128 && is_inside6(&k->to));
	if (k->ipv6)
		return false;
	if (k->protocol == IPPROTO_ICMP)
		return k->type == 8 && ipv4(&k->to) == ip->gateway;
	return k->protocol == IPPROTO_UDP && k->to_port == 67 &&
		(ipv4(&k->to) == INADDR_BROADCAST || ipv4(&k->to) == ip->gateway);
}

static bool is_answer(const struct process *p, const struct packet *k)
{
	if (k->protocol == IPPROTO_TCP)
		return !k->opens && is_published(p, false, k->from_port);
	return k->protocol == IPPROTO_UDP && is_published(p, true, k->from_port) &&
		has_flow(p, &k->to, k->to_port, k->from_port);
}

static bool is_allowed(const struct process *p, const struct packet *k)
{
	struct in6_addr to = meant(p, k);

	switch (k->protocol) {
	case IPPROTO_ICMP:
		return k->type == 8 && policy_allows(&p->user->policy, &to, 0);
	case IPPROTO_ICMPV6:
		return k->type == 128 && policy_allows(&p->user->policy, &to, 0);
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return k->to_port && policy_allows(&p->user->policy, &to, k->to_port);
	default:
		return false;
	}
}

/* Errors are not answered by errors. */
static void refuse(struct process *p, const uint8_t *f, size_t n, const struct packet *k)
{
	static const struct in6_addr gateway6 = { { { 0xfe, 0xc0, [15] = 2 } } };
	struct in6_addr to = meant(p, k), from = gateway6;
	uint8_t answer[FRAME_ANSWER];

	if (k->protocol != IPPROTO_TCP && k->protocol != IPPROTO_UDP &&
	    k->type != 8 && k->type != 128)
		return;
	policy_refused(&p->user->policy, k->protocol, &to, k->to_port);
	if (!k->ipv6)
		from = address_of_ipv4(p->user->ip.gateway);
	to_guest(p, answer, frame_prohibit(answer, f, n, k, &from));
}

static void from_guest(struct process *p, const uint8_t *f, size_t n)
{
	struct packet k;

	switch (frame_parse(f, n, &k)) {
	case FRAME_ARP:
		lib.input(p->slirp, f, n);
		return;
	case FRAME_PACKET:
		break;
	default:
		return;
	}
	if (k.protocol == IPPROTO_UDP && !k.ipv6 && k.to_port == 53 &&
	    ipv4(&k.to) == p->user->ip.nameserver)
		dns_ask(&p->dns, f, &k);
	else if (is_local(p, &k))
		lib.input(p->slirp, f, n);
	else if (is_group(p, &k))
		return;
	else if (is_allowed(p, &k) || is_answer(p, &k))
		lib.input(p->slirp, f, n);
	else
		refuse(p, f, n, &k);
}

/* False when nobody is there any more, or it says nonsense. */
static bool take_frames(struct process *p)
{
	ssize_t r = recv(p->frames, p->in + p->in_end, sizeof(p->in) - p->in_end, MSG_DONTWAIT);
	size_t at = 0;

	if (r <= 0)
		return r < 0 && (errno == EAGAIN || errno == EINTR);
	p->in_end += r;
	while (p->in_end - at >= HEAD) {
		uint32_t len = length_at(p->in + at);

		if (!len || len > HOST_NET_FRAME)
			return false;
		if (p->in_end - at - HEAD < len)
			break;
		from_guest(p, p->in + at + HEAD, len);
		at += HEAD + len;
	}
	memmove(p->in, p->in + at, p->in_end - at);
	p->in_end -= at;
	return true;
}

/* --- what libslirp asks for --- */

static void guest_error(const char *msg, void *arg)
{
	(void)msg;
	(void)arg;
}

static int64_t now_ns(void *arg)
{
	struct timespec t;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void *timer_new(SlirpTimerCb fn, void *fn_arg, void *arg)
{
	struct process *p = arg;

	for (struct timer *t = p->timers; t < p->timers + TIMERS; t++) {
		if (t->fn)
			continue;
		*t = (struct timer){ fn, fn_arg, -1 };
		return t;
	}
	abort();
}

static void timer_free(void *timer, void *arg)
{
	(void)arg;
	*(struct timer *)timer = (struct timer){ 0 };
}

static void timer_mod(void *timer, int64_t when, void *arg)
{
	(void)arg;
	((struct timer *)timer)->when = when;
}

static void run_timers(struct process *p)
{
	int64_t now = now_ns(NULL) / 1000000;

	for (struct timer *t = p->timers; t < p->timers + TIMERS; t++) {
		if (!t->fn || t->when < 0 || t->when > now)
			continue;
		t->when = -1;
		t->fn(t->arg);
	}
}

static void no_fd(int fd, void *arg)
{
	(void)fd;
	(void)arg;
}

static void notify(void *arg)
{
	(void)arg;
}

static const struct { int slirp, poll; } events[] = {
	{ SLIRP_POLL_IN, POLLIN }, { SLIRP_POLL_OUT, POLLOUT }, { SLIRP_POLL_PRI, POLLPRI },
	{ SLIRP_POLL_ERR, POLLERR }, { SLIRP_POLL_HUP, POLLHUP },
};

static int add_poll(int fd, int want, void *arg)
{
	struct process *p = arg;
	short poll = 0;

	if (p->nfds == SOCKETS)
		return -1;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (want & events[i].slirp)
			poll |= events[i].poll;
	p->fds[p->nfds] = (struct pollfd){ .fd = fd, .events = poll };
	return p->nfds++;
}

static int get_revents(int i, void *arg)
{
	struct process *p = arg;
	int found = 0;

	if (i < 0)
		return 0;
	for (size_t e = 0; e < sizeof(events) / sizeof(*events); e++)
		if (p->fds[i].revents & events[e].poll)
			found |= events[e].slirp;
	return found;
}

/* --- its life --- */

static bool load(char *why, size_t n)
{
	void *h = dlopen(LIBRARY, RTLD_NOW);
	const struct { void *at; const char *name; } names[] = {
		{ &lib.new, "slirp_new" }, { &lib.input, "slirp_input" },
		{ &lib.pollfds_fill, "slirp_pollfds_fill" },
		{ &lib.pollfds_poll, "slirp_pollfds_poll" },
		{ &lib.add_hostfwd, "slirp_add_hostfwd" },
	};

	if (!h)
		return snprintf(why, n, "needs %s, Debian's libslirp0", LIBRARY), false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		void *f = dlsym(h, names[i].name);

		if (!f)
			return snprintf(why, n, "%s: has no %s", LIBRARY, names[i].name), false;
		memcpy(names[i].at, &f, sizeof(f));
	}
	return true;
}

/* For answers to datagrams from there, too, though from_guest() would do. */
static bool needs_loopback(const struct user *u)
{
	for (size_t i = 0; i < u->npublished; i++)
		if (u->published[i].udp)
			return true;
	return policy_names_loopback(&u->policy);
}

static bool make_slirp(struct process *p, char *why, size_t n)
{
	static const SlirpCb callbacks = {
		.send_packet = send_packet, .guest_error = guest_error,
		.clock_get_ns = now_ns, .timer_new = timer_new,
		.timer_free = timer_free, .timer_mod = timer_mod,
		.register_poll_fd = no_fd, .unregister_poll_fd = no_fd, .notify = notify,
	};
	const struct user *u = p->user;
	SlirpConfig c = {
		.version = 3,
		.in_enabled = true,
		.vnetwork.s_addr = u->ip.address & u->ip.netmask,
		.vnetmask.s_addr = u->ip.netmask,
		.vhost.s_addr = u->ip.gateway,
		.vdhcp_start.s_addr = u->ip.address,
		.vnameserver.s_addr = u->ip.nameserver,
		.in6_enabled = true,
		.vprefix_addr6 = PREFIX6,
		.vprefix_len = PREFIX6_BITS,
		.vhost6 = { { { 0xfe, 0xc0, [15] = 2 } } },
		.vnameserver6 = { { { 0xfe, 0xc0, [15] = 3 } } },
		.if_mtu = u->mtu, .if_mru = u->mtu,
		.disable_host_loopback = !needs_loopback(u),
	};

	p->slirp = lib.new(&c, &callbacks, p);
	if (p->slirp)
		return true;
	snprintf(why, n, "libslirp does not want these addresses");
	return false;
}

static bool publish(struct process *p, char *why, size_t n)
{
	const struct user *u = p->user;

	for (const struct published *q = u->published; q < u->published + u->npublished; q++) {
		if (!lib.add_hostfwd(p->slirp, q->udp, q->address, q->port,
				     (struct in_addr){ u->ip.address }, q->guest_port))
			continue;
		snprintf(why, n, "port %u cannot be published: %s", q->port, strerror(errno));
		return false;
	}
	return true;
}

static bool begin(struct process *p, char *why, size_t n)
{
	struct user *u = p->user;

	if (!dns_init(&p->dns, u->nameserver))
		return snprintf(why, n, "%s: no address of a name server", u->nameserver), false;
	p->dns.policy = &u->policy;
	p->dns.send = to_guest;
	p->dns.arg = p;
	policy_find_own(&u->policy);
	return load(why, n) && make_slirp(p, why, n) && publish(p, why, n);
}

/* Milliseconds until something is due. */
static int sleep_for(const struct process *p, uint32_t most)
{
	int64_t now = now_ns(NULL) / 1000000, until = now + (most < 1000 ? most : 1000);

	for (const struct timer *t = p->timers; t < p->timers + TIMERS; t++)
		if (t->fn && t->when >= 0 && t->when < until)
			until = t->when;
	return until > now ? until - now : 0;
}

static bool once(struct process *p)
{
	uint32_t timeout = UINT32_MAX;
	int r;

	p->fds[FRAMES_FD] = (struct pollfd){
		p->frames, POLLIN | (p->out_begin < p->out_end ? POLLOUT : 0), 0,
	};
	dns_pollfds(&p->dns, p->fds + DNS_FD);
	p->nfds = FIRST_FD;
	lib.pollfds_fill(p->slirp, &timeout, add_poll, p);
	r = poll(p->fds, p->nfds, sleep_for(p, timeout));
	if (r < 0 && errno != EINTR)
		return false;
	dns_ready(&p->dns, p->fds + DNS_FD);
	lib.pollfds_poll(p->slirp, r < 0, get_revents, p);
	run_timers(p);
	if (r > 0 && p->fds[FRAMES_FD].revents && !take_frames(p))
		return false;
	flush_out(p);
	return true;
}

static void tell(int told, const char *line)
{
	if (write(told, line, strlen(line)) < 0 || write(told, "\n", 1) < 0)
		return;		/* who asked is gone, and its end of the frames too */
}

void slirp_serve(struct user *u, int frames, int told, char *why, size_t n)
{
	static struct process process;
	struct process *p = &process;
	bool good;

	p->user = u;
	p->frames = frames;
	good = begin(p, why, n) && net_confine(why, n);
	tell(told, why);
	close(told);
	while (good && once(p))
		;
}
