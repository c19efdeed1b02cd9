/* SPDX-License-Identifier: MIT */
/*
 * `--net user': a process that has the other end of the machine's frames, and
 * makes ordinary connections of the user's of them, by libslirp.  It enforces
 * the policy.  Nothing of that is in the process that runs the guest.
 */
#ifndef MUSLIN_NET_USER_H
#define MUSLIN_NET_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net.h"
#include "net/policy.h"

struct published {
	bool udp;
	struct in_addr address;		/* of the host */
	uint16_t port, guest_port;
};

/* All of it is the process's alone when it runs. */
struct user {
	struct policy policy;
	struct net_address ip;
	unsigned int mtu;
	const char *nameserver;		/* see dns_init() */
	struct published *published;
	size_t npublished;
};

/* The first n bytes of text are an address of IPv4. */
bool parse_ipv4(const char *text, size_t n, struct in_addr *a);
/* [ADDRESS:]PORT:GUEST_PORT[/udp]; false if it is none. */
bool user_publish(struct user *u, const char *text);
void user_exit(struct user *u);
/*
 * Starts it, as nobody's child; the machine's end of the frames, or -errno, and
 * why in error.  It ends with the last copy of that.
 */
int user_start(struct user *u, char *error, size_t n);
/* The same with the program passt, which does what it does: no policy. */
#define PASST_PORTS 64
int user_start_passt(struct user *u, char *error, size_t n);

#endif
