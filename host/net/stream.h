/* SPDX-License-Identifier: MIT */
/* What is before a frame in a stream: net.h. */
#ifndef MUSLIN_NET_STREAM_H
#define MUSLIN_NET_STREAM_H

#include <stdint.h>

#include "host_page.h"

#define HEAD 4		/* bytes of a length */
#define WHOLE (HEAD + HOST_NET_FRAME)

static inline void put_length(uint8_t p[HEAD], uint32_t n)
{
	p[0] = n >> 24;
	p[1] = n >> 16;
	p[2] = n >> 8;
	p[3] = n;
}

static inline uint32_t length_at(const uint8_t p[HEAD])
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

#endif
