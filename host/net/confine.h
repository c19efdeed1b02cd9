/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_NET_CONFINE_H
#define MUSLIN_NET_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * This process opens no file any more, starts and signals no other, and makes
 * sockets of IP alone.  As far as the kernel can do that.
 */
bool net_confine(char *why, size_t n);

#endif
