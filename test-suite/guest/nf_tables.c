/* SPDX-License-Identifier: MIT */
/* There was no netfilter: NAT of both kinds, and a filter, by nf_tables and conntrack. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "namespaces.h"
#include "test.h"

static char batch[8192];
static unsigned int used, answers;

static struct nlmsghdr *message(int type, int flags, int family, int subsystem)
{
	struct nlmsghdr *n = (void *)(batch + used);
	struct nfgenmsg *g = NLMSG_DATA(n);

	n->nlmsg_len = NLMSG_LENGTH(sizeof(*g));
	n->nlmsg_type = type;
	n->nlmsg_flags = NLM_F_REQUEST | flags;
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	g->res_id = htons(subsystem);
	used += n->nlmsg_len;
	if (flags & NLM_F_ACK)
		answers++;
	return n;
}

static struct nlmsghdr *tables(int type, int flags)
{
	return message(NFNL_SUBSYS_NFTABLES << 8 | type, flags | NLM_F_CREATE | NLM_F_ACK,
		       NFPROTO_IPV4, 0);
}

/* Ends what began with n, or an attribute of others. */
static void end_message(struct nlmsghdr *n)
{
	n->nlmsg_len = batch + used - (char *)n;
}

static struct nlattr *begin(int type)
{
	struct nlattr *a = (void *)(batch + used);

	a->nla_type = type | NLA_F_NESTED;
	used += NLA_HDRLEN;
	return a;
}

static void end(struct nlattr *a)
{
	a->nla_len = batch + used - (char *)a;
}

static void put(int type, const void *data, unsigned int n)
{
	struct nlattr *a = (void *)(batch + used);

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + n;
	memcpy((char *)a + NLA_HDRLEN, data, n);
	used += NLA_ALIGN(a->nla_len);
}

static void put_string(int type, const char *s)
{
	put(type, s, strlen(s) + 1);
}

static void put_u32(int type, unsigned int v)
{
	v = htonl(v);
	put(type, &v, 4);
}

static void put_value(int type, const void *data, unsigned int n)
{
	struct nlattr *a = begin(type);

	put(NFTA_DATA_VALUE, data, n);
	end(a);
}

static struct nlattr *element, *inner;

static void expression(const char *name)
{
	element = begin(NFTA_LIST_ELEM);
	put_string(NFTA_EXPR_NAME, name);
	inner = begin(NFTA_EXPR_DATA);
}

static void end_expression(void)
{
	end(inner);
	end(element);
}

static void compare(const void *data, unsigned int n)
{
	expression("cmp");
	put_u32(NFTA_CMP_SREG, NFT_REG_1);
	put_u32(NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(NFTA_CMP_DATA, data, n);
	end_expression();
}

static void is_udp(void)
{
	unsigned char udp = IPPROTO_UDP;

	expression("meta");
	put_u32(NFTA_META_DREG, NFT_REG_1);
	put_u32(NFTA_META_KEY, NFT_META_L4PROTO);
	end_expression();
	compare(&udp, 1);
}

static void port_is(unsigned short port)
{
	port = htons(port);
	expression("payload");
	put_u32(NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_u32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	put_u32(NFTA_PAYLOAD_OFFSET, 2);
	put_u32(NFTA_PAYLOAD_LEN, 2);
	end_expression();
	compare(&port, 2);
}

static void load(const void *data, unsigned int n)
{
	expression("immediate");
	put_u32(NFTA_IMMEDIATE_DREG, NFT_REG_1);
	put_value(NFTA_IMMEDIATE_DATA, data, n);
	end_expression();
}

static void chain(const char *name, const char *type, int hook, int priority)
{
	struct nlmsghdr *n = tables(NFT_MSG_NEWCHAIN, 0);
	struct nlattr *a;

	put_string(NFTA_CHAIN_TABLE, "t");
	put_string(NFTA_CHAIN_NAME, name);
	a = begin(NFTA_CHAIN_HOOK);
	put_u32(NFTA_HOOK_HOOKNUM, hook);
	put_u32(NFTA_HOOK_PRIORITY, priority);
	end(a);
	put_string(NFTA_CHAIN_TYPE, type);
	end_message(n);
}

static struct nlmsghdr *the_rule;
static struct nlattr *expressions;

static void rule(const char *chain)
{
	the_rule = tables(NFT_MSG_NEWRULE, NLM_F_APPEND);
	put_string(NFTA_RULE_TABLE, "t");
	put_string(NFTA_RULE_CHAIN, chain);
	expressions = begin(NFTA_RULE_EXPRESSIONS);
	is_udp();
}

static void end_rule(void)
{
	end(expressions);
	end_message(the_rule);
}

/* udp dport 7 redirect to :7777 */
static void redirect(void)
{
	unsigned short to = htons(7777);

	rule("output");
	port_is(7);
	load(&to, 2);
	expression("redir");
	put_u32(NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
	end_expression();
	end_rule();
}

/* udp dport 7777 snat to 127.0.0.9 */
static void another_source(void)
{
	unsigned int to = htonl(0x7f000009);

	rule("postrouting");
	port_is(7777);
	load(&to, 4);
	expression("nat");
	put_u32(NFTA_NAT_TYPE, NFT_NAT_SNAT);
	put_u32(NFTA_NAT_FAMILY, NFPROTO_IPV4);
	put_u32(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
	end_expression();
	end_rule();
}

/* udp dport 8 drop */
static void drop(void)
{
	struct nlattr *data, *verdict;

	rule("input");
	port_is(8);
	expression("immediate");
	put_u32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = begin(NFTA_IMMEDIATE_DATA);
	verdict = begin(NFTA_DATA_VERDICT);
	put_u32(NFTA_VERDICT_CODE, NF_DROP);
	end(verdict);
	end(data);
	end_expression();
	end_rule();
}

static void set_rules(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	struct { struct nlmsghdr n; struct nlmsgerr e; char rest[512]; } answer;
	struct nlmsghdr *n;

	t_check(s >= 0);
	message(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	n = tables(NFT_MSG_NEWTABLE, 0);
	put_string(NFTA_TABLE_NAME, "t");
	end_message(n);
	chain("output", "nat", NF_INET_LOCAL_OUT, -100);
	chain("postrouting", "nat", NF_INET_POST_ROUTING, 100);
	chain("input", "filter", NF_INET_LOCAL_IN, 0);
	redirect();
	another_source();
	drop();
	message(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	t_check(send(s, batch, used, 0) == (ssize_t)used);
	while (answers--) {
		if (recv(s, &answer, sizeof(answer), 0) < 0 || answer.n.nlmsg_type != NLMSG_ERROR ||
		    answer.e.error) {
			t_error("message of type %#x: %s\n", answer.e.msg.nlmsg_type,
				strerror(-answer.e.error));
			exit(t_status);
		}
	}
	close(s);
}

static int bound(unsigned short port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	t_check(s >= 0 && !bind(s, (void *)&a, sizeof(a)));
	return s;
}

static int comes(int s)
{
	struct pollfd p = { .fd = s, .events = POLLIN };

	return poll(&p, 1, 200);
}

int main(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	}, from;
	struct ifreq q = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	socklen_t n = sizeof(from);
	int server, client, closed;
	char buf[16];

	be_root(CLONE_NEWNET);
	client = socket(AF_INET, SOCK_DGRAM, 0);
	t_check(!ioctl(client, SIOCSIFFLAGS, &q));
	set_rules();
	server = bound(7777);
	closed = bound(8);

	t_check(sendto(client, "ping", 4, 0, (void *)&to, sizeof(to)) == 4);
	t_check(comes(server) == 1);
	t_check(recvfrom(server, buf, sizeof(buf), MSG_DONTWAIT, (void *)&from, &n) == 4);
	t_check(ntohl(from.sin_addr.s_addr) == 0x7f000009);

	/* and the answer comes from where it was asked */
	t_check(sendto(server, "pong", 4, 0, (void *)&from, n) == 4);
	t_check(comes(client) == 1);
	n = sizeof(from);
	t_check(recvfrom(client, buf, sizeof(buf), MSG_DONTWAIT, (void *)&from, &n) == 4);
	t_check(from.sin_addr.s_addr == to.sin_addr.s_addr && from.sin_port == htons(7));

	to.sin_port = htons(8);
	t_check(sendto(client, "ping", 4, 0, (void *)&to, sizeof(to)) == 4);
	t_check(comes(closed) == 0);
	return t_status;
}
