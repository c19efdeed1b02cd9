/* SPDX-License-Identifier: MIT */
/* Time, and the timer interrupt. */
#ifndef MUSLIN_CLOCK_H
#define MUSLIN_CLOCK_H

#include <stdint.h>
#include <time.h>

struct muslin;

int clock_init(struct muslin *m);
/* The guest's clock goes on from there. */
void clock_resume(struct muslin *m, uint64_t now);
/* The machine begins, or ceases, to run on this thread. */
int clock_start(struct muslin *m);
void clock_stop(struct muslin *m);
void clock_exit(struct muslin *m);
uint64_t clock_now(struct muslin *m);
/* A host signal arrived: raises what is due in irq_pending. */
void clock_poll(struct muslin *m);
/* Raises an interrupt if the host's wall clock was set. */
void clock_check_wall(struct muslin *m);

#define NSEC_PER_SEC 1000000000ull
#define CLOCK_NEVER (~0ull)	/* of timer_when */

static inline uint64_t clock_nsec(const struct timespec *ts)
{
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static inline struct timespec clock_timespec(uint64_t ns)
{
	return (struct timespec) { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

#endif
