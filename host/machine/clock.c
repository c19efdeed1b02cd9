/* SPDX-License-Identifier: MIT */
/* Time, and the timer interrupt of each vCPU. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "host_page.h"
#include "machine/clock.h"
#include "machine/signals.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/machine.h"

#define LAST (1ull << 62)	/* nanoseconds since boot: in 146 years */
#define WALL_STEP 2000000	/* what the kernel hears of */
#define WALL_DOUBT 500000	/* between two looks at a clock */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

uint64_t clock_now(struct muslin *m)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return clock_nsec(&ts) - clock_nsec(&m->boot_time);
}

u64 w2c_host_clock_ns(struct w2c_host *h)
{
	return clock_now(machine(h));
}

static uint64_t ns_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return clock_nsec(&ts);
}

u64 w2c_host_realtime_ns(struct w2c_host *h)
{
	uint64_t wall = ns_of(CLOCK_REALTIME);

	machine(h)->wall = wall - ns_of(CLOCK_MONOTONIC);
	return wall;
}

/*
 * The wall clock was set, or the host was suspended.  NTP's slewing is of both
 * clocks.  If this thread lost the CPU in between, the next look will do.
 */
void clock_check_wall(struct muslin *m)
{
	uint64_t before = ns_of(CLOCK_MONOTONIC);
	int64_t wall = ns_of(CLOCK_REALTIME) - before;

	if (!m->wall || llabs(wall - m->wall) < WALL_STEP ||
	    ns_of(CLOCK_MONOTONIC) - before > WALL_DOUBT)
		return;
	m->wall = wall;
	irq_raise(m, HOST_IRQ_CLOCK);
}

/* Ends a sleep when the wall clock is set: until when it sleeps may depend on it. */
static int wall_timer(void)
{
	static const struct itimerspec never = { .it_value.tv_sec = LAST / NSEC_PER_SEC };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
				       &never, NULL)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void timer_arm(const struct vcpu *v)
{
	struct itimerspec it = { 0 };

	if (v->timer_when != CLOCK_NEVER)
		it.it_value = clock_timespec(v->timer_when + clock_nsec(&v->machine->boot_time));
	timer_settime(v->timer, TIMER_ABSTIME, &it, NULL);
}

/* The caller may be a signal handler, which has interrupted any host code. */
void clock_poll(struct vcpu *v)
{
	if (v->timer_soon) {
		v->timer_soon = false;
		timer_arm(v);
	}
	if (v->timer_when == CLOCK_NEVER || clock_now(v->machine) < v->timer_when)
		return;
	v->timer_when = CLOCK_NEVER;
	vcpu_raise(v, HOST_IRQ_TIMER);
}

void clock_soon(struct vcpu *v, uint64_t ns)
{
	const struct itimerspec it = { .it_value.tv_nsec = ns };

	v->timer_soon = true;
	timer_settime(v->timer, 0, &it, NULL);
}

void clock_set_timer(struct vcpu *v, uint64_t when)
{
	/* it is to be a time of the host's, too */
	v->timer_when = when > LAST ? CLOCK_NEVER : when;
	if (when <= clock_now(v->machine)) {
		v->timer_when = CLOCK_NEVER;
		vcpu_raise(v, HOST_IRQ_TIMER);
	}
	timer_arm(v);
}

int clock_init(struct muslin *m)
{
	clock_gettime(CLOCK_MONOTONIC, &m->boot_time);
	return 0;
}

void clock_resume(struct muslin *m, uint64_t now)
{
	uint64_t boot;

	clock_gettime(CLOCK_MONOTONIC, &m->boot_time);
	boot = clock_nsec(&m->boot_time) - now;
	m->boot_time = clock_timespec(boot);
}

/* Interrupts go to the thread that runs the vCPU. */
int clock_start(struct vcpu *v)
{
	struct muslin *m = v->machine;
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = signals_irq(),
		.sigev_value.sival_ptr = signals_irq_tag() };

	if (!m->wall_watched)
		m->wall_fd = wall_timer();
	m->wall_watched = true;
	ev.sigev_notify_thread_id = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &ev, &v->timer))
		return -errno;
	timer_arm(v);
	return 0;
}

void clock_stop(struct vcpu *v)
{
	timer_delete(v->timer);
}

void clock_exit(struct muslin *m)
{
	if (m->wall_watched && m->wall_fd >= 0)
		close(m->wall_fd);
	m->wall_watched = false;
}
