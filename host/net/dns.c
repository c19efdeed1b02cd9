/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "net/dns.h"

#define HEADER 12
#define ANSWER_MOST 65000	/* bytes that a datagram can have */
#define RECORD 10		/* type, class, time to live, length */

#define TYPE_A 1
#define TYPE_AAAA 28
#define REFUSED_CODE 5

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static bool parse_server(struct dns *d, const char *text)
{
	struct sockaddr_in *in = (void *)&d->server;
	struct sockaddr_in6 *in6 = (void *)&d->server;
	char host[INET_ADDRSTRLEN], *end;
	size_t n = strcspn(text, ":");
	unsigned long port = 53;

	d->server = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		d->server_size = sizeof(*in6);
		return true;
	}
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = 0;
	if (text[n]) {
		port = strtoul(text + n + 1, &end, 10);
		if (!isdigit((unsigned char)text[n + 1]) || *end || !port || port > 65535)
			return false;
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	d->server_size = sizeof(*in);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

/* Without one, names are not known. */
static void find_server(struct dns *d)
{
	FILE *f = fopen("/etc/resolv.conf", "re");
	char line[256], text[64];

	while (f && !d->server_size && fgets(line, sizeof(line), f))
		if (sscanf(line, "nameserver %63s", text) == 1 && !parse_server(d, text))
			d->server_size = 0;
	if (f)
		fclose(f);
}

bool dns_init(struct dns *d, const char *server)
{
	for (struct query *q = d->queries; q < d->queries + QUERIES; q++)
		q->fd = -1;
	if (server)
		return parse_server(d, server);
	find_server(d);
	return true;
}

/* --- questions --- */

/* The one question of n bytes; 0 if it is none that we know, else its size. */
static size_t parse_question(const uint8_t *m, size_t n, char *name)
{
	size_t at = HEADER, len = 0;

	if (n < HEADER || m[2] & 0xf8 || get16(m + 4) != 1 || get16(m + 6) || get16(m + 8))
		return 0;
	while (at < n && m[at]) {
		size_t label = m[at++];

		if (label > 63 || label > n - at || len + label + 1 > NAME_MAX_DNS)
			return 0;
		if (len)
			name[len++] = '.';
		for (; label; label--, at++) {
			if (!isalnum(m[at]) && m[at] != '-' && m[at] != '_')
				return 0;
			name[len++] = tolower(m[at]);
		}
	}
	name[len] = 0;
	return n >= at + 5 ? at + 5 - HEADER : 0;
}

static void reply(struct dns *d, const uint8_t *frame, const uint8_t *message, size_t n)
{
	static uint8_t out[FRAME_UDP + ANSWER_MOST];

	d->send(d->arg, out, frame_reply(out, frame, message, n));
}

static void refuse(struct dns *d, const uint8_t *frame, const struct packet *p, size_t question)
{
	uint8_t m[HEADER + DNS_QUESTION] = { 0 };

	memcpy(m, p->data, HEADER + question);
	m[2] |= 0x80;
	m[3] = REFUSED_CODE;
	m[10] = m[11] = 0;	/* of what followed the question, nothing is left */
	reply(d, frame, m, HEADER + question);
}

static struct query *free_query(struct dns *d)
{
	struct query *q, *oldest = d->queries;

	for (q = d->queries; q < d->queries + QUERIES; q++) {
		if (q->fd < 0)
			return q;
		if (q->until < oldest->until)
			oldest = q;
	}
	close(oldest->fd);
	oldest->fd = -1;
	return oldest;
}

/* A socket for each: its port is part of what a forger has to guess. */
static void forward(struct dns *d, struct query *q, const struct packet *p)
{
	static uint8_t m[ANSWER_MOST];
	int fd = socket(d->server.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	memcpy(m, p->data, p->size);
	q->guest_id = get16(m);
	if (getrandom(&q->id, sizeof(q->id), 0) != sizeof(q->id) ||
	    connect(fd, (void *)&d->server, d->server_size)) {
		close(fd);
		return;
	}
	memcpy(m, &q->id, 2);
	q->id = get16(m);
	if (send(fd, m, p->size, MSG_NOSIGNAL) < 0) {
		close(fd);
		return;
	}
	q->until = time(NULL) + DNS_SECONDS;
	q->fd = fd;
}

void dns_ask(struct dns *d, const uint8_t *frame, const struct packet *p)
{
	char name[NAME_MAX_DNS + 1];
	size_t question;
	struct query *q;

	if (p->size > ANSWER_MOST)
		return;
	question = parse_question(p->data, p->size, name);
	if (!question || question > DNS_QUESTION)
		return;
	if (!d->server_size || !policy_allows_name(d->policy, name)) {
		policy_refused_name(d->policy, name);
		refuse(d, frame, p, question);
		return;
	}
	q = free_query(d);
	memcpy(q->frame, frame, FRAME_UDP);
	memcpy(q->question, p->data + HEADER, question);
	q->size = question;
	strcpy(q->name, name);
	forward(d, q, p);
}

/* --- answers --- */

/* Behind the name at at; 0 if it has no end. */
static size_t skip_name(const uint8_t *m, size_t n, size_t at)
{
	for (; at < n; at += 1 + m[at]) {
		if (!m[at])
			return at + 1;
		if (m[at] >= 0xc0)
			return at + 2;
	}
	return 0;
}

static void grant(struct dns *d, const char *name, unsigned int type, const uint8_t *data, size_t n)
{
	struct in6_addr a;
	uint32_t ipv4;

	if (type == TYPE_A && n == 4) {
		memcpy(&ipv4, data, 4);
		a = address_of_ipv4(ipv4);
	} else if (type == TYPE_AAAA && n == 16) {
		memcpy(&a, data, 16);
	} else {
		return;
	}
	policy_grant(d->policy, name, &a);
}

static void look_at_answers(struct dns *d, const struct query *q, const uint8_t *m, size_t n)
{
	size_t at = HEADER + q->size, count = get16(m + 6);

	while (count--) {
		at = skip_name(m, n, at);
		if (!at || at > n || n - at < RECORD)
			return;
		size_t size = get16(m + at + 8);

		if (n - at - RECORD < size)
			return;
		grant(d, q->name, get16(m + at), m + at + RECORD, size);
		at += RECORD + size;
	}
}

static bool is_answer(const struct query *q, const uint8_t *m, size_t n)
{
	return n >= HEADER + q->size && get16(m) == q->id && m[2] & 0x80 &&
		get16(m + 4) == 1 && !memcmp(m + HEADER, q->question, q->size);
}

static void take(struct dns *d, struct query *q)
{
	static uint8_t m[ANSWER_MOST];
	ssize_t n = recv(q->fd, m, sizeof(m), MSG_DONTWAIT);

	if (n < 0 ? errno == EAGAIN || errno == EINTR : !is_answer(q, m, n))
		return;
	close(q->fd);
	q->fd = -1;
	if (n < 0)
		return;
	look_at_answers(d, q, m, n);
	m[0] = q->guest_id >> 8;
	m[1] = q->guest_id;
	reply(d, q->frame, m, n);
}

void dns_pollfds(struct dns *d, struct pollfd *fds)
{
	for (size_t i = 0; i < QUERIES; i++)
		fds[i] = (struct pollfd){ .fd = d->queries[i].fd, .events = POLLIN };
}

void dns_ready(struct dns *d, const struct pollfd *fds)
{
	time_t now = time(NULL);

	for (size_t i = 0; i < QUERIES; i++) {
		struct query *q = &d->queries[i];

		if (q->fd < 0 || q->fd != fds[i].fd)
			continue;
		if (fds[i].revents) {
			take(d, q);
		} else if (q->until < now) {
			close(q->fd);
			q->fd = -1;
		}
	}
}
