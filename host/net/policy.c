/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/policy.h"

#define MAPPED 96	/* bits before an address of IPv4 */

struct in6_addr address_of_ipv4(uint32_t address)
{
	struct in6_addr a = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(a.s6_addr + 12, &address, 4);
	return a;
}

static bool within(const struct in6_addr *a, const struct in6_addr *net, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	return !memcmp(a, net, whole) &&
		(!rest || !((a->s6_addr[whole] ^ net->s6_addr[whole]) >> (8 - rest)));
}

/* --- what is only for who names it --- */

static const struct { const char *net; unsigned int bits; } guarded[] = {
	{ "0.0.0.0", 8 }, { "127.0.0.0", 8 },
	{ "169.254.0.0", 16 },		/* clouds' metadata, and all of the link */
	{ "100.100.100.200", 32 }, { "168.63.129.16", 32 }, { "192.0.0.192", 32 },
	{ "224.0.0.0", 3 },		/* groups, broadcast */
	{ "fd00:ec2::", 32 }, { "fd20:ce::254", 128 },
	{ "fe80::", 10 }, { "fec0::", 10 }, { "ff00::", 8 },
	{ "2002::", 16 }, { "64:ff9b::", 64 },	/* ways to addresses of IPv4 */
};

static bool parse_address(const char *text, struct in6_addr *a, unsigned int *bits)
{
	struct in_addr in;

	*bits = 128;
	if (inet_pton(AF_INET6, text, a) == 1)
		return true;
	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*a = address_of_ipv4(in.s_addr);
	return true;
}

/* How long a prefix must be to name it; 0: any does. */
static unsigned int guard(const struct policy *p, const struct in6_addr *a)
{
	unsigned int bits, family;
	struct in6_addr net;

	for (size_t i = 0; i < sizeof(guarded) / sizeof(*guarded); i++) {
		parse_address(guarded[i].net, &net, &bits);
		family = IN6_IS_ADDR_V4MAPPED(&net) ? MAPPED : 0;
		if (within(a, &net, family + guarded[i].bits))
			return family + guarded[i].bits;
	}
	/* loopback, and other shapes of IPv4's */
	if (!a->s6_addr[0] && !IN6_IS_ADDR_V4MAPPED(a))
		return 128;
	for (size_t i = 0; i < p->nown; i++)
		if (IN6_ARE_ADDR_EQUAL(a, &p->own[i]))
			return 128;
	return 0;
}

void policy_find_own(struct policy *p)
{
	struct ifaddrs *all, *i;

	if (getifaddrs(&all))
		return;
	for (i = all; i && p->nown < HOST_ADDRESSES; i = i->ifa_next) {
		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			p->own[p->nown++] = address_of_ipv4(
				((struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr);
		else if (i->ifa_addr->sa_family == AF_INET6)
			p->own[p->nown++] = ((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
	}
	freeifaddrs(all);
}

/* --- rules --- */

static bool parse_number(const char *text, unsigned long most, unsigned long *n)
{
	char *end;

	*n = strtoul(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && *n <= most;
}

/* ADDRESS[/BITS] */
static bool parse_prefix(const char *text, struct rule *r)
{
	size_t n = strcspn(text, "/");
	char address[INET6_ADDRSTRLEN];
	unsigned long bits;
	unsigned int family;

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = 0;
	if (!parse_address(address, &r->address, &r->bits))
		return false;
	r->kind = RULE_PREFIX;
	if (!text[n])
		return true;
	family = strchr(address, ':') ? 0 : MAPPED;
	if (!parse_number(text + n + 1, 128 - family, &bits))
		return false;
	r->bits = family + bits;
	return true;
}

static bool parse_name(const char *text, struct rule *r)
{
	size_t n;

	r->kind = RULE_NAME;
	if (!strcmp(text, "*")) {
		r->kind = RULE_ALL;
		return true;
	}
	if (!strncmp(text, "*.", 2)) {
		r->kind = RULE_BELOW;
		text += 2;
	}
	n = strlen(text);
	if (!n || n > NAME_MAX_DNS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
		r->name[i] = tolower((unsigned char)text[i]);
	}
	/* 10.0.0.300 is no name */
	return !isdigit((unsigned char)text[n - 1]);
}

static bool add(struct policy *p, const struct rule *r)
{
	struct rule *more = realloc(p->rules, (p->nrules + 1) * sizeof(*more));

	if (!more)
		return false;
	p->rules = more;
	p->rules[p->nrules++] = *r;
	return true;
}

/*
 * HOST:PORT, [HOST]:PORT; or HOST alone, and an address of IPv6 is that.  False
 * if it is neither; *port is NULL if there is none.
 */
static bool split_port(char *text, char **host, char **port)
{
	char *end = text + strcspn(text, ":");

	*host = text;
	*port = NULL;
	if (*text == '[') {
		*host = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*port = end[1] ? end + 2 : NULL;
		*end = 0;
	} else if (*end && !strchr(end + 1, ':')) {
		*port = end + 1;
		*end = 0;
	}
	return true;
}

static bool allow(struct policy *p, char *text)
{
	struct rule r = { 0 };
	unsigned long port = 0;
	char *host, *number;

	if (!split_port(text, &host, &number))
		return false;
	if (number && (!parse_number(number, 65535, &port) || !port))
		return false;
	r.port = port;
	if (!strcmp(host, "localhost"))
		return parse_prefix("127.0.0.1", &r) && add(p, &r) &&
			parse_prefix("::1", &r) && add(p, &r);
	return (parse_prefix(host, &r) || parse_name(host, &r)) && add(p, &r);
}

bool policy_allow(struct policy *p, const char *text)
{
	char *copy = strdup(text);
	bool good = copy && allow(p, copy);

	free(copy);
	return good;
}

void policy_exit(struct policy *p)
{
	free(p->rules);
	free(p->grants);
	*p = (struct policy){ .log = -1 };
}

static bool has_grant(const struct policy *p, const struct rule *r, const struct in6_addr *a)
{
	for (size_t i = 0; p->grants && i < GRANTS; i++)
		if (p->grants[i].rule == r && IN6_ARE_ADDR_EQUAL(a, &p->grants[i].address))
			return true;
	return false;
}

bool policy_allows(const struct policy *p, const struct in6_addr *a, uint16_t port)
{
	unsigned int needs = guard(p, a);

	for (const struct rule *r = p->rules; r < p->rules + p->nrules; r++) {
		if (port && r->port && r->port != port)
			continue;
		if (r->kind == RULE_PREFIX && r->bits >= needs && within(a, &r->address, r->bits))
			return true;
		if (needs)
			continue;
		if (r->kind == RULE_ALL ||
		    (r->kind != RULE_PREFIX && has_grant(p, r, a)))
			return true;
	}
	return false;
}

static bool names(const struct rule *r, const char *name)
{
	size_t n = strlen(name), m = strlen(r->name);

	if (r->kind == RULE_NAME)
		return !strcmp(r->name, name);
	return r->kind == RULE_BELOW && n > m + 1 && name[n - m - 1] == '.' &&
		!strcmp(name + n - m, r->name);
}

bool policy_allows_name(const struct policy *p, const char *name)
{
	for (const struct rule *r = p->rules; r < p->rules + p->nrules; r++)
		if (r->kind == RULE_ALL || names(r, name))
			return true;
	return false;
}

void policy_grant(struct policy *p, const char *name, const struct in6_addr *a)
{
	if (!p->grants)
		p->grants = calloc(GRANTS, sizeof(*p->grants));
	if (!p->grants)
		return;
	for (const struct rule *r = p->rules; r < p->rules + p->nrules; r++) {
		if (!names(r, name) || has_grant(p, r, a))
			continue;
		p->grants[p->next_grant] = (struct grant){ *a, r };
		p->next_grant = (p->next_grant + 1) % GRANTS;
	}
}

bool policy_names_loopback(const struct policy *p)
{
	for (const struct rule *r = p->rules; r < p->rules + p->nrules; r++) {
		if (r->kind != RULE_PREFIX)
			continue;
		if (IN6_IS_ADDR_LOOPBACK(&r->address) ||
		    (IN6_IS_ADDR_V4MAPPED(&r->address) && r->address.s6_addr[12] == 127))
			return true;
	}
	return false;
}

/* --- the log --- */

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "ICMP";
	default:
		return "IP";
	}
}

/* A guest could fill a disk with it. */
static void write_line(struct policy *p, const char *line, size_t n)
{
	static const char last[] = "muslin: network: refused more than is told here\n";

	if (p->log < 0 || p->lines > LINES)
		return;
	if (p->lines++ == LINES) {
		line = last;
		n = strlen(last);
	}
	if (write(p->log, line, n) < 0)
		p->log = -1;	/* nobody reads it */
}

void policy_refused(struct policy *p, uint8_t protocol, const struct in6_addr *a, uint16_t port)
{
	const struct refused new = { *a, port, protocol };
	char line[128], text[INET6_ADDRSTRLEN];
	bool ipv4 = IN6_IS_ADDR_V4MAPPED(a);
	int n;

	for (size_t i = 0; i < REFUSED; i++)
		if (IN6_ARE_ADDR_EQUAL(&p->refused[i].address, a) &&
		    p->refused[i].port == port && p->refused[i].protocol == protocol)
			return;
	p->refused[p->nrefused++ % REFUSED] = new;
	inet_ntop(ipv4 ? AF_INET : AF_INET6, a->s6_addr + (ipv4 ? 12 : 0), text, sizeof(text));
	n = snprintf(line, sizeof(line), "muslin: network: refused %s %s%s%s",
		     protocol_name(protocol), ipv4 ? "" : "[", text, ipv4 ? "" : "]");
	if (port)
		n += snprintf(line + n, sizeof(line) - n, ":%u", port);
	line[n++] = '\n';
	write_line(p, line, n);
}

/* The name is of letters, digits and "-_." alone. */
void policy_refused_name(struct policy *p, const char *name)
{
	char line[NAME_MAX_DNS + 64];
	int n = snprintf(line, sizeof(line), "muslin: network: refused the name %s\n", name);

	write_line(p, line, n);
}
