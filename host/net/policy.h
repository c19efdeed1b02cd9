/* SPDX-License-Identifier: MIT */
/*
 * Which addresses of the outside a guest may reach by `--net user': none, but
 * those that the user has named.  What the host itself is, and where clouds
 * tell a machine its secrets, is refused unless that very address was named.
 *
 * Addresses are those of IPv6; one of IPv4 is ::ffff:a.b.c.d.
 */
#ifndef MUSLIN_NET_POLICY_H
#define MUSLIN_NET_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_DNS 253

struct rule {
	enum { RULE_ALL, RULE_NAME, RULE_BELOW, RULE_PREFIX } kind;
	char name[NAME_MAX_DNS + 1];	/* RULE_BELOW: without "*." */
	struct in6_addr address;
	unsigned int bits;
	uint16_t port;			/* 0: any */
};

/* An address that a name server gave for a name of that rule. */
struct grant {
	struct in6_addr address;
	const struct rule *rule;	/* NULL: free */
};

struct refused {
	struct in6_addr address;
	uint16_t port;
	uint8_t protocol;
};

#define GRANTS 4096
#define HOST_ADDRESSES 64
#define REFUSED 256
#define LINES 1000

struct policy {
	struct rule *rules;
	size_t nrules;
	struct grant *grants;		/* GRANTS of them, the last ones */
	size_t next_grant;
	struct in6_addr own[HOST_ADDRESSES];	/* the host's */
	size_t nown;
	int log;			/* a descriptor, or -1 */
	struct refused refused[REFUSED];	/* the last ones in the log */
	size_t nrefused;
	unsigned int lines;		/* that are in the log */
};

struct in6_addr address_of_ipv4(uint32_t address);

/* HOST[:PORT]; false if it is none.  "localhost" is two addresses. */
bool policy_allow(struct policy *p, const char *text);
/* What addresses the host has now. */
void policy_find_own(struct policy *p);
void policy_exit(struct policy *p);

/* port 0: of no port, as of an echo request. */
bool policy_allows(const struct policy *p, const struct in6_addr *a, uint16_t port);
/* May a name be asked for?  name is in lower case. */
bool policy_allows_name(const struct policy *p, const char *name);
/* A name server has given this address for it. */
void policy_grant(struct policy *p, const char *name, const struct in6_addr *a);
/* Some rule names an address of the host's loopback device. */
bool policy_names_loopback(const struct policy *p);

/* A line in the log, unless the last ones have it. */
void policy_refused(struct policy *p, uint8_t protocol, const struct in6_addr *a, uint16_t port);
void policy_refused_name(struct policy *p, const char *name);

#endif
