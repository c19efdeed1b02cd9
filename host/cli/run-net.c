/* SPDX-License-Identifier: MIT */
/* --net, and what belongs to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "muslin.h"

static int set_mtu(struct run_net *n, const char *arg)
{
	char *end;
	unsigned long mtu = strtoul(arg, &end, 10);

	if (*arg < '0' || *arg > '9' || *end || mtu > 65535)
		return complain(STATUS_USAGE, "--net-mtu %s: not a number of bytes", arg);
	n->mtu = mtu;
	return 0;
}

static void add(const char ***list, size_t *n, const char *arg)
{
	*list = grown(*list, *n + 2, sizeof(**list));
	(*list)[(*n)++] = arg;
	(*list)[*n] = NULL;
}

int run_net_option(struct run_options *o, enum net_option opt, const char *arg)
{
	struct run_net *n = &o->net;

	switch (opt) {
	case NET_BACKEND:
		n->backend = arg;
		return 0;
	case NET_ADDRESS:
		n->address = arg;
		return 0;
	case NET_MTU:
		return set_mtu(n, arg);
	case NET_ALLOW:
		add(&n->allow, &n->nallow, arg);
		return 0;
	case NET_PUBLISH:
		add(&n->publish, &n->npublish, arg);
		return 0;
	case NET_NAMESERVER:
		n->nameserver = arg;
		return 0;
	default:
		n->log = arg;
		return 0;
	}
}

int run_net(struct muslin *m, const struct run_options *o)
{
	const struct run_net *n = &o->net;
	struct muslin_network net = {
		.backend = n->backend, .address = n->address, .mtu = n->mtu,
		.allow = n->allow, .publish = n->publish, .nameserver = n->nameserver,
		.log = 2,
	};
	int r;

	if (!n->backend) {
		if (n->address || n->mtu || n->nallow || n->npublish || n->nameserver || n->log)
			return complain(STATUS_USAGE, "there is no --net that this belongs to");
		return 0;
	}
	if (n->log) {
		net.log = open(n->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (net.log < 0)
			return complain(STATUS_FAILED, "--net-log %s: %s", n->log, strerror(errno));
	}
	r = muslin_network(m, &net);
	if (n->log)
		close(net.log);
	return r ? complain(STATUS_FAILED, "--net: %s", muslin_error(m)) : 0;
}

void run_net_free(struct run_options *o)
{
	free(o->net.allow);
	free(o->net.publish);
}
