/* SPDX-License-Identifier: MIT */
/* muslin.h: a network, which is made before the machine is confined. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "api/network.h"
#include "devices/ctl.h"
#include "machine/machine.h"
#include "muslin.h"
#include "net/net.h"
#include "net/user.h"

#define MTU_DEFAULT 1500
#define MTU_LEAST 1280		/* IPv6 */
#define MTU_MOST 65518		/* with the longest header that Linux makes: VLAN's */

#define USER_ADDRESS "10.0.2.15/24,10.0.2.2,10.0.2.3"

/* --- addresses --- */

static bool parse_address(const char *text, size_t n, uint32_t *address)
{
	struct in_addr in;

	if (!parse_ipv4(text, n, &in))
		return false;
	*address = in.s_addr;
	return true;
}

/* ADDRESS/BITS[,GATEWAY[,NAMESERVER]] */
static bool parse_addresses(const char *text, struct net_address *a)
{
	size_t n = strcspn(text, "/");
	unsigned long bits;
	char *end;

	if (!text[n] || !parse_address(text, n, &a->address))
		return false;
	text += n + 1;
	bits = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || bits < 1 || bits > 32)
		return false;
	a->netmask = htonl(~0u << (32 - bits));
	if (!*end)
		return true;
	n = strcspn(end + 1, ",");
	if (*end != ',' || !parse_address(end + 1, n, &a->gateway))
		return false;
	text = end + 1 + n;
	return !*text || parse_address(text + 1, strlen(text + 1), &a->nameserver);
}

/* --- peers --- */

/* Ours, and one that does not show at another's flags. */
static int open_socket(struct muslin *m, const char *number)
{
	socklen_t n = sizeof(int);
	int type, fd;
	char *end;
	long of = strtol(number, &end, 10);

	if (*number < '0' || *number > '9' || *end || of > 1 << 20)
		return fail(m, -EINVAL, "socket:%s: no number of a descriptor", number);
	if (getsockopt(of, SOL_SOCKET, SO_TYPE, &type, &n))
		return fail(m, -errno, "socket:%s: %s", number, strerror(errno));
	if (type != SOCK_STREAM)
		return fail(m, -EPROTOTYPE, "socket:%s: not a stream socket", number);
	fd = fcntl(of, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? fail(m, -errno, "socket:%s: %s", number, strerror(errno)) : fd;
}

static unsigned int tap_mtu(const char *name)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { 0 };
	unsigned int mtu = 0;

	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	if (s >= 0 && !ioctl(s, SIOCGIFMTU, &r))
		mtu = r.ifr_mtu;
	if (s >= 0)
		close(s);
	return mtu;
}

static int open_tap(struct muslin *m, const char *name, unsigned int *mtu)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd;

	if (!*name || strlen(name) >= IFNAMSIZ || strchr(name, '%'))
		return fail(m, -EINVAL, "tap:%s: no name of an interface", name);
	strcpy(r.ifr_name, name);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return fail(m, -errno, "/dev/net/tun: %s", strerror(errno));
	if (ioctl(fd, TUNSETIFF, &r)) {
		fail(m, -errno, "tap:%s: %s", name, strerror(errno));
		close(fd);
		return -EPERM;
	}
	if (!*mtu)
		*mtu = tap_mtu(name);
	return fd;
}

static int parse_user(struct muslin *m, const struct muslin_network *n, struct user *u)
{
	if (!u->ip.gateway || !u->ip.nameserver)
		return fail(m, -EINVAL, "%s: there is no gateway, or no name server", n->address);
	for (const char *const *p = n->allow; p && *p; p++)
		if (!policy_allow(&u->policy, *p))
			return fail(m, -EINVAL, "%s: not HOST[:PORT]", *p);
	for (const char *const *p = n->publish; p && *p; p++)
		if (!user_publish(u, *p))
			return fail(m, -EINVAL, "%s: not [ADDRESS:]PORT:PORT[/udp]", *p);
	return 0;
}

static int open_user(struct muslin *m, const struct muslin_network *n,
		     const struct net_address *ip, unsigned int mtu)
{
	struct user u = {
		.policy.log = n->log > 0 ? n->log : -1, .ip = *ip, .mtu = mtu,
		.nameserver = n->nameserver,
	};
	bool passt = !strcmp(n->backend, "passt");
	char error[200];
	int fd = parse_user(m, n, &u);

	if (!fd) {
		fd = passt ? user_start_passt(&u, error, sizeof(error)) :
			user_start(&u, error, sizeof(error));
		if (fd < 0)
			fail(m, fd, "%s: %s", n->backend, error);
	}
	user_exit(&u);
	return fd;
}

/* --- muslin.h --- */

static int attach(struct muslin *m, int fd, bool tap, unsigned int mtu)
{
	int r = net_attach(m, fd, tap, mtu ? mtu : MTU_DEFAULT);

	if (!r)
		return 0;
	close(fd);
	return fail(m, r, "network: %s", strerror(-r));
}

static int open_backend(struct muslin *m, const struct muslin_network *n,
			const struct net_address *ip)
{
	const char *b = n->backend;
	unsigned int mtu = n->mtu;
	bool tap = !strncmp(b, "tap:", 4);
	bool passt = !strcmp(b, "passt"), user = passt || !strcmp(b, "user");
	int fd;

	if ((!user && n->publish) || ((!user || passt) && (n->allow || n->nameserver)))
		return fail(m, -EINVAL, "%s: what may pass is only known to user", b);
	if (user && !mtu)
		mtu = MTU_MOST;
	if (user)
		fd = open_user(m, n, ip, mtu);
	else if (tap)
		fd = open_tap(m, b + 4, &mtu);
	else if (!strncmp(b, "socket:", 7))
		fd = open_socket(m, b + 7);
	else
		return fail(m, -EINVAL, "%s: no such network", b);
	return fd < 0 ? fd : attach(m, fd, tap, mtu);
}

int muslin_network(struct muslin *m, const struct muslin_network *n)
{
	const char *address = n->address;
	struct net_address a = { 0 };
	int r;

	if (api_busy(m))
		return -EBUSY;
	m->error[0] = 0;
	if (m->kernel || m->net)
		return fail(m, -EBUSY, "too late for a network");
	if (n->mtu && (n->mtu < MTU_LEAST || n->mtu > MTU_MOST))
		return fail(m, -EINVAL, "an MTU is %d to %d", MTU_LEAST, MTU_MOST);
	if (!address && (!strcmp(n->backend, "user") || !strcmp(n->backend, "passt")))
		address = USER_ADDRESS;
	if (address && !parse_addresses(address, &a))
		return fail(m, -EINVAL, "%s: not ADDRESS/BITS[,GATEWAY[,NAMESERVER]]", address);
	r = open_backend(m, n, &a);
	if (!r)
		net_set_address(m, &a);
	return r;
}

int network_configure(struct muslin *m)
{
	struct ctl_network msg = { .head = { sizeof(msg), CTL_NETWORK, 0 } };
	const struct net_address *a = net_address(m);

	if (!a)
		return 0;
	msg.address = a->address;
	msg.netmask = a->netmask;
	msg.gateway = a->gateway;
	msg.nameserver = a->nameserver;
	return ctl_send(m, &msg.head);
}
