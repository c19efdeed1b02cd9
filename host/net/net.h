/* SPDX-License-Identifier: MIT */
/*
 * The machine's network: Ethernet frames to and from a peer, by a descriptor
 * that was open before the guest ran.  Over a stream socket a frame is its
 * length, 32 bits, big endian, and then itself, as passt and QEMU have it; a
 * tap device has one in each read and write.  The peer is not trusted, either.
 */
#ifndef MUSLIN_NET_H
#define MUSLIN_NET_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct muslin;

#define NET_ADDRESS 6

/* What init is told of the interface: as IPv4 has them, 0 is none. */
struct net_address {
	uint32_t address, netmask, gateway, nameserver;
};

/* Takes fd.  mtu is what a frame can have without its header.  0 or -errno. */
int net_attach(struct muslin *m, int fd, bool tap, unsigned int mtu);
void net_exit(struct muslin *m);
void net_set_address(struct muslin *m, const struct net_address *a);
/* Once, for init; NULL if there is none, or it was told. */
const struct net_address *net_address(struct muslin *m);

/* For whoever sleeps: what can interrupt the machine, or fd -1. */
struct pollfd net_pollfd(const struct muslin *m);
/* The interrupts, HOST_IRQ_*, that poll() on that has found. */
uint32_t net_ready(struct muslin *m, short revents);

#endif
