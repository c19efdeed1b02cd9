/* SPDX-License-Identifier: MIT */
/* Network devices without hardware: dummy, veth, VLAN, tun, bridge; packet sockets. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "namespaces.h"
#include "test.h"

static struct {
	struct nlmsghdr n;
	struct ifinfomsg i;
	char attrs[512];
} r;

static struct rtattr *add(int type, const void *data, int len)
{
	struct rtattr *a = (void *)((char *)&r + NLMSG_ALIGN(r.n.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r.n.nlmsg_len = NLMSG_ALIGN(r.n.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void end(struct rtattr *a)
{
	a->rta_len = (char *)&r + r.n.nlmsg_len - (char *)a;
}

/* name: a device of kind; with a peer for veth, of lower for vlan. */
static int make(const char *name, const char *kind, const char *peer, int lower)
{
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct { struct nlmsghdr n; struct nlmsgerr e; char rest[512]; } answer;
	struct rtattr *info, *data, *p;
	unsigned short id = 5;

	memset(&r, 0, sizeof(r));
	r.n.nlmsg_len = NLMSG_LENGTH(sizeof(r.i));
	r.n.nlmsg_type = RTM_NEWLINK;
	r.n.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
	add(IFLA_IFNAME, name, strlen(name) + 1);
	if (lower)
		add(IFLA_LINK, &lower, 4);
	info = add(IFLA_LINKINFO, NULL, 0);
	add(IFLA_INFO_KIND, kind, strlen(kind));
	data = add(IFLA_INFO_DATA, NULL, 0);
	if (lower)
		add(IFLA_VLAN_ID, &id, 2);
	if (peer) {
		struct ifinfomsg none = { 0 };

		p = add(VETH_INFO_PEER, &none, sizeof(none));
		add(IFLA_IFNAME, peer, strlen(peer) + 1);
		end(p);
	}
	end(data);
	end(info);
	send(s, &r, r.n.nlmsg_len, 0);
	recv(s, &answer, sizeof(answer), 0);
	close(s);
	return answer.e.error;
}

static int control, up_flags;

static void up(const char *name)
{
	struct ifreq q = { 0 };

	strcpy(q.ifr_name, name);
	t_check(!ioctl(control, SIOCGIFFLAGS, &q));
	q.ifr_flags |= IFF_UP | up_flags;
	t_check(!ioctl(control, SIOCSIFFLAGS, &q));
}

static int packet(const char *name)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5),
		.sll_ifindex = if_nametoindex(name) };
	int s = socket(AF_PACKET, SOCK_RAW, htons(0x88b5));

	t_check(s >= 0 && !bind(s, (void *)&a, sizeof(a)));
	return s;
}

/* One that a program makes of what it reads and writes. */
static void tun(void)
{
	struct ifreq q = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	struct sockaddr_in a = { .sin_family = AF_INET };
	unsigned char buf[200];
	int fd, s;

	fd = open("/dev/net/tun", O_RDWR);
	t_check(fd >= 0 && !ioctl(fd, TUNSETIFF, &q));
	a.sin_addr.s_addr = htonl(0x0a090001);
	memcpy(&q.ifr_addr, &a, sizeof(a));
	t_check(!ioctl(control, SIOCSIFADDR, &q));
	a.sin_addr.s_addr = htonl(0x0a090002);
	memcpy(&q.ifr_dstaddr, &a, sizeof(a));
	t_check(!ioctl(control, SIOCSIFDSTADDR, &q));
	up(q.ifr_name);
	s = socket(AF_INET, SOCK_DGRAM, 0);
	a.sin_port = htons(99);
	t_check(sendto(s, "hello", 5, 0, (void *)&a, sizeof(a)) == 5);
	do
		t_check(read(fd, buf, sizeof(buf)) > 20);
	while (buf[0] >> 4 != 4);
	t_check(buf[9] == 17 && buf[19] == 2 && !memcmp(buf + 28, "hello", 5));
	close(fd);
}

static const char frame[64] = "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\1\x88\xb5hello";

/* What is sent to from comes out at to; not before the link is known to be up. */
static void carries(const char *from, const char *to)
{
	struct pollfd p = { .events = POLLIN };
	char buf[200];
	int a = packet(from), tries = 0;

	p.fd = packet(to);
	do
		t_check(write(a, frame, sizeof(frame)) == sizeof(frame));
	while (!poll(&p, 1, 100) && ++tries < 50);
	t_check(recv(p.fd, buf, sizeof(buf), MSG_DONTWAIT) == sizeof(frame) &&
		!memcmp(buf, frame, sizeof(frame)));
	close(a);
	close(p.fd);
}

static void join(const char *bridge, const char *port)
{
	struct ifreq q = { .ifr_ifindex = if_nametoindex(port) };

	strcpy(q.ifr_name, bridge);
	t_check(!ioctl(control, SIOCBRADDIF, &q));
	up(port);
}

/* v0 - v1, bridge, w1 - w0 */
static void bridge(void)
{
	t_check(!make("w0", "veth", "w1", 0));
	t_check(!make("br", "bridge", NULL, 0));
	up("w0");
	up("br");
	join("br", "v1");
	join("br", "w1");
	carries("v0", "w0");
}

int main(void)
{
	be_root(CLONE_NEWNET);
	control = socket(AF_INET, SOCK_DGRAM, 0);
	t_check(!make("d0", "dummy", NULL, 0) && if_nametoindex("d0"));
	t_check(!make("v0", "veth", "v1", 0) && if_nametoindex("v1"));
	t_check(!make("l0", "vlan", NULL, if_nametoindex("v0")));
	up("d0");
	up("v0");
	up("v1");
	up("l0");
	carries("v0", "v1");
	bridge();
	tun();
	return t_status;
}
