/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_CORE_STATS_H
#define MUSLIN_CORE_STATS_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds, for differences. */
static inline uint64_t stats_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#endif
