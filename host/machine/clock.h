/* SPDX-License-Identifier: MIT */
/* Time, and the timer interrupt. */
#ifndef MUSLIN_CLOCK_H
#define MUSLIN_CLOCK_H

#include <stdint.h>
#include <time.h>

struct muslin;
struct vcpu;

int clock_init(struct muslin *m);
/* The guest's clock goes on from there. */
void clock_resume(struct muslin *m, uint64_t now);
/* The vCPU begins, or ceases, to run on this thread. */
int clock_start(struct vcpu *v);
void clock_stop(struct vcpu *v);
void clock_exit(struct muslin *m);
uint64_t clock_now(struct muslin *m);
/* This thread gets the timer's signal in so many nanoseconds: fault_interrupt() once more. */
void clock_soon(struct vcpu *v, uint64_t ns);
/* One interrupt then, CLOCK_NEVER for none: in the place of the last one. */
void clock_set_timer(struct vcpu *v, uint64_t when);
/* A host signal arrived: raises what is due of v. */
void clock_poll(struct vcpu *v);
/* Raises an interrupt if the host's wall clock was set. */
void clock_check_wall(struct muslin *m);

#define NSEC_PER_SEC 1000000000ull
#define CLOCK_NEVER (~0ull)	/* of vcpu.timer_when */

static inline uint64_t clock_nsec(const struct timespec *ts)
{
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static inline struct timespec clock_timespec(uint64_t ns)
{
	return (struct timespec) { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

#endif
