/* SPDX-License-Identifier: MIT */
/* What a guest has put into a frame: all of it is checked here, and copied. */
#ifndef MUSLIN_NET_FRAME_H
#define MUSLIN_NET_FRAME_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETHERNET 14	/* bytes of its header */

struct packet {
	bool ipv6;
	uint8_t protocol;
	struct in6_addr from, to;	/* of IPv4: ::ffff:a.b.c.d */
	uint16_t from_port, to_port;	/* 0: it has none */
	uint8_t type;			/* of ICMP */
	bool opens;			/* TCP: it may begin a connection */
	const uint8_t *data;		/* behind the header of UDP */
	size_t size;
};

enum frame {
	FRAME_IGNORED,	/* it is nobody's business, or malformed */
	FRAME_ARP,
	FRAME_PACKET,	/* whole, without options or extension headers */
	FRAME_FRAGMENT,	/* of such: only the addresses are known */
};

enum frame frame_parse(const uint8_t *f, size_t n, struct packet *p);

/*
 * An answer to the frame: it is prohibited to go there.  Its length; answer
 * has room for FRAME_ANSWER bytes.  from is an address of the gateway.
 */
#define FRAME_ANSWER 256
size_t frame_prohibit(uint8_t *answer, const uint8_t *f, size_t n, const struct packet *p,
		      const struct in6_addr *from);
/*
 * A datagram of IPv4 that answers f, which is one; its length.  out has room for
 * FRAME_UDP bytes more than data.
 */
#define FRAME_UDP 42
size_t frame_reply(uint8_t *out, const uint8_t *f, const void *data, size_t n);

#endif
