/* SPDX-License-Identifier: MIT */
/* The outside, if the host carries eth0's frames to there. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "init.h"

#define NAME "eth0"

static void set_address(struct sockaddr *a, uint32_t address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = address };

	memcpy(a, &in, sizeof(in));
}

/* A machine of a boot image gets its device when it goes on. */
static int find(int s, struct ifreq *r)
{
	int i;

	for (i = 0; i < 200; i++, usleep(1000 * i / 10))
		if (!ioctl(s, SIOCGIFFLAGS, r))
			return 0;
	return -1;
}

static int configure(int s, const struct ctl_network *n)
{
	struct ifreq r = { .ifr_name = NAME };
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };

	if (find(s, &r))
		return -1;
	r.ifr_flags |= IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &r))
		return -1;
	if (!n->address)
		return 0;
	set_address(&r.ifr_addr, n->address);
	if (ioctl(s, SIOCSIFADDR, &r))
		return -1;
	set_address(&r.ifr_netmask, n->netmask);
	if (ioctl(s, SIOCSIFNETMASK, &r))
		return -1;
	if (!n->gateway)
		return 0;
	set_address(&route.rt_dst, 0);
	set_address(&route.rt_genmask, 0);
	set_address(&route.rt_gateway, n->gateway);
	return ioctl(s, SIOCADDRT, &route);
}

/* A root of the host's has its own, which is to stay as it is. */
static void write_nameserver(uint32_t address)
{
	struct in_addr in = { address };
	char line[64];
	int fd;

	if (!address || root_entered())
		return;
	unlink("/etc/resolv.conf");
	fd = open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	snprintf(line, sizeof(line), "nameserver %s\n", inet_ntoa(in));
	write(fd, line, strlen(line));
	close(fd);
}

void network_up(const struct ctl_network *n)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0 || configure(s, n))
		fprintf(stderr, "init: " NAME ": %s\n", strerror(errno));
	if (s >= 0)
		close(s);
	write_nameserver(n->nameserver);
}
