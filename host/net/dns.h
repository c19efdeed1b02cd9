/* SPDX-License-Identifier: MIT */
/*
 * The guest's name server, for `--net user': asks another for the names that
 * the policy has, and tells the policy what addresses they have.  For others
 * the answer is REFUSED, and nobody hears of them.
 */
#ifndef MUSLIN_NET_DNS_H
#define MUSLIN_NET_DNS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include "net/frame.h"
#include "net/policy.h"

#define QUERIES 64
#define DNS_SECONDS 10
#define DNS_QUESTION (NAME_MAX_DNS + 2 + 4)

struct query {
	int fd;				/* -1: the place is free */
	time_t until;
	uint16_t id, guest_id;
	uint8_t frame[FRAME_UDP];	/* headers of the question's */
	uint8_t question[DNS_QUESTION];
	size_t size;			/* of that */
	char name[NAME_MAX_DNS + 1];
};

struct dns {
	struct policy *policy;
	struct sockaddr_storage server;	/* ss_family 0: there is none */
	socklen_t server_size;
	struct query queries[QUERIES];
	void (*send)(void *arg, const uint8_t *frame, size_t n);
	void *arg;
};

/* server is ADDRESS[:PORT], or NULL: that of /etc/resolv.conf; false if wrong. */
bool dns_init(struct dns *d, const char *server);
/* A packet for port 53, and its frame. */
void dns_ask(struct dns *d, const uint8_t *frame, const struct packet *p);
/* QUERIES of them. */
void dns_pollfds(struct dns *d, struct pollfd *fds);
void dns_ready(struct dns *d, const struct pollfd *fds);

#endif
