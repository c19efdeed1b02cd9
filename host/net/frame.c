/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "net/frame.h"
#include "net/policy.h"

#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define TYPE_IPV6 0x86dd

#define IPV4 20		/* bytes of the headers */
#define IPV6 40
#define UDP 8
#define TCP 20
#define ICMP 8

#define TCP_SYN 2
#define TCP_ACK 16

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* --- what came --- */

static enum frame parse_transport(const uint8_t *t, size_t n, struct packet *p)
{
	switch (p->protocol) {
	case IPPROTO_TCP:
		if (n < TCP)
			return FRAME_IGNORED;
		p->from_port = get16(t);
		p->to_port = get16(t + 2);
		p->opens = (t[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
		return FRAME_PACKET;
	case IPPROTO_UDP:
		if (n < UDP || get16(t + 4) < UDP || get16(t + 4) > n)
			return FRAME_IGNORED;
		p->from_port = get16(t);
		p->to_port = get16(t + 2);
		p->data = t + UDP;
		p->size = get16(t + 4) - UDP;
		return FRAME_PACKET;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (n < ICMP || p->ipv6 != (p->protocol == IPPROTO_ICMPV6))
			return FRAME_IGNORED;
		p->type = t[0];
		return FRAME_PACKET;
	default:
		return FRAME_PACKET;
	}
}

/* Who answers fragments may put others in their place; and so may options. */
static enum frame parse_ipv4(const uint8_t *h, size_t n, struct packet *p)
{
	uint32_t from, to;

	if (n < IPV4 || h[0] >> 4 != 4 || get16(h + 2) < IPV4 || get16(h + 2) > n)
		return FRAME_IGNORED;
	memcpy(&from, h + 12, 4);
	memcpy(&to, h + 16, 4);
	p->from = address_of_ipv4(from);
	p->to = address_of_ipv4(to);
	p->protocol = h[9];
	if (p->protocol == IPPROTO_IGMP)
		return FRAME_IGNORED;
	if (h[0] != 0x45 || get16(h + 6) & 0x3fff)
		return FRAME_FRAGMENT;
	return parse_transport(h + IPV4, get16(h + 2) - IPV4, p);
}

static enum frame parse_ipv6(const uint8_t *h, size_t n, struct packet *p)
{
	if (n < IPV6 || h[0] >> 4 != 6 || n - IPV6 < get16(h + 4))
		return FRAME_IGNORED;
	p->ipv6 = true;
	memcpy(&p->from, h + 8, 16);
	memcpy(&p->to, h + 24, 16);
	p->protocol = h[6];
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP &&
	    p->protocol != IPPROTO_ICMPV6)
		return IN6_IS_ADDR_MULTICAST(&p->to) ? FRAME_IGNORED : FRAME_FRAGMENT;
	return parse_transport(h + IPV6, get16(h + 4), p);
}

enum frame frame_parse(const uint8_t *f, size_t n, struct packet *p)
{
	*p = (struct packet){ 0 };
	if (n < ETHERNET)
		return FRAME_IGNORED;
	switch (get16(f + 12)) {
	case TYPE_ARP:
		return FRAME_ARP;
	case TYPE_IPV4:
		return parse_ipv4(f + ETHERNET, n - ETHERNET, p);
	case TYPE_IPV6:
		return parse_ipv6(f + ETHERNET, n - ETHERNET, p);
	default:
		return FRAME_IGNORED;
	}
}

/* --- answers --- */

static uint32_t sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (; n > 1; p += 2, n -= 2)
		s += get16(p);
	return n ? s + (p[0] << 8) : s;
}

static uint16_t checksum(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static void turn_ethernet(uint8_t *out, const uint8_t *f)
{
	memcpy(out, f + 6, 6);
	memcpy(out + 6, f, 6);
	memcpy(out + 12, f + 12, 2);
}

static void put_ipv4(uint8_t *h, uint8_t protocol, size_t n, const void *from, const void *to)
{
	memset(h, 0, IPV4);
	h[0] = 0x45;
	put16(h + 2, IPV4 + n);
	h[8] = 64;
	h[9] = protocol;
	memcpy(h + 12, from, 4);
	memcpy(h + 16, to, 4);
	put16(h + 10, checksum(sum(h, IPV4, 0)));
}

static uint32_t pseudo_header(const uint8_t *addresses, size_t n, uint8_t protocol, size_t size)
{
	return sum(addresses, n, 0) + protocol + size;
}

static size_t prohibit_ipv4(uint8_t *out, const uint8_t *h, size_t n, const struct in6_addr *from)
{
	uint8_t *icmp = out + IPV4;

	if (n > IPV4 + 8)
		n = IPV4 + 8;
	put_ipv4(out, IPPROTO_ICMP, ICMP + n, from->s6_addr + 12, h + 12);
	memset(icmp, 0, ICMP);
	icmp[0] = 3;
	icmp[1] = 13;
	memcpy(icmp + ICMP, h, n);
	put16(icmp + 2, checksum(sum(icmp, ICMP + n, 0)));
	return IPV4 + ICMP + n;
}

static size_t prohibit_ipv6(uint8_t *out, const uint8_t *h, size_t n, const struct in6_addr *from)
{
	uint8_t *icmp = out + IPV6;

	if (n > IPV6 + TCP)
		n = IPV6 + TCP;
	memset(out, 0, IPV6 + ICMP);
	out[0] = 0x60;
	put16(out + 4, ICMP + n);
	out[6] = IPPROTO_ICMPV6;
	out[7] = 64;
	memcpy(out + 8, from, 16);
	memcpy(out + 24, h + 8, 16);
	icmp[0] = 1;
	icmp[1] = 1;
	memcpy(icmp + ICMP, h, n);
	put16(icmp + 2, checksum(sum(icmp, ICMP + n,
				     pseudo_header(out + 8, 32, IPPROTO_ICMPV6, ICMP + n))));
	return IPV6 + ICMP + n;
}

size_t frame_prohibit(uint8_t *answer, const uint8_t *f, size_t n, const struct packet *p,
		      const struct in6_addr *from)
{
	turn_ethernet(answer, f);
	f += ETHERNET;
	n -= ETHERNET;
	return ETHERNET + (p->ipv6 ? prohibit_ipv6(answer + ETHERNET, f, n, from) :
			   prohibit_ipv4(answer + ETHERNET, f, n, from));
}

size_t frame_reply(uint8_t *out, const uint8_t *f, const void *data, size_t n)
{
	const uint8_t *h = f + ETHERNET;
	uint8_t *ip = out + ETHERNET, *udp = ip + IPV4;
	uint16_t c;

	turn_ethernet(out, f);
	put_ipv4(ip, IPPROTO_UDP, UDP + n, h + 16, h + 12);
	memcpy(udp, h + IPV4 + 2, 2);
	memcpy(udp + 2, h + IPV4, 2);
	put16(udp + 4, UDP + n);
	put16(udp + 6, 0);
	memcpy(udp + UDP, data, n);
	c = checksum(sum(udp, UDP + n, pseudo_header(ip + 12, 8, IPPROTO_UDP, UDP + n)));
	put16(udp + 6, c ? c : 0xffff);
	return ETHERNET + IPV4 + UDP + n;
}
