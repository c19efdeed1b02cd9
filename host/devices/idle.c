/* SPDX-License-Identifier: MIT */
/* Waiting, for the timer or for files: what a vCPU does that has nothing to do. */
#define _GNU_SOURCE
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "devices/ctl.h"
#include "devices/stream.h"
#include "devices/tty.h"
#include "disk/disk.h"
#include "loader/jobs.h"
#include "machine/clock.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/stack.h"
#include "machine/x86_64/this-vcpu.h"
#include "net/net.h"

#define POLL_INTERVAL 4000000	/* nanoseconds, while the machine does not idle */
#define TTY_INTERVAL 200000000	/* the same, at most, in the background of a terminal */

static void look(struct muslin *m, const struct timespec *timeout)
{
	struct pollfd p[STREAM_POLLFDS + 5];
	int n = stream_pollfds(m, p);
	uint64_t times;

	p[n] = (struct pollfd){ .fd = m->wall_fd, .events = POLLIN };
	p[n + 1] = net_pollfd(m);
	p[n + 2] = (struct pollfd){ .fd = disks_wake_fd(m), .events = POLLIN };
	p[n + 3] = (struct pollfd){ .fd = jobs_wake_fd(&m->loader), .events = POLLIN };
	p[n + 4] = (struct pollfd){ .fd = m->ctl->asked ? -1 : m->ctl->listen, .events = POLLIN };
	if (ppoll(p, n + 5, timeout, NULL) > 0)
		irq_raise(m, stream_ready(m, p) | net_ready(m, p[n + 1].revents));
	if (p[n + 2].revents)
		disks_woken(m);
	if (p[n + 3].revents)
		jobs_woken(&m->loader);
	m->ctl->asked |= p[n + 4].revents != 0;
	/* it fails, and has told what it can */
	if (p[n].revents)
		(void)!read(m->wall_fd, &times, sizeof(times));
	clock_check_wall(m);
	m->polled = clock_now(m);
	/* whoever waits for that descriptor goes on behind here */
	if (m->ctl->watched)
		machine_poke(m);
}

/*
 * Files are looked at here, since the tick of a busy kernel comes by: while it
 * does not idle, and not from a signal handler.
 */
void w2c_host_timer_set(struct w2c_host *h, u64 when)
{
	static const struct timespec now;
	struct muslin *m = machine(h);

	clock_set_timer(this_vcpu(), when);
	if (clock_now(m) - m->polled > POLL_INTERVAL)
		look(m, &now);
	if (m->hasty || ctl_asked(m))
		machine_poke(m);
}

void w2c_host_idle(struct w2c_host *h)
{
	struct muslin *m = machine(h);
	struct vcpu *v;
	struct timespec timeout = { .tv_sec = 3600 };
	uint64_t now, when;

	machine_poke(m);
	v = this_vcpu();
	/*
	 * The timer's signal does not wake what is only about to sleep.  After
	 * this line it finds a timeout that it has not changed; before it, it
	 * has left an interrupt.
	 */
	when = __atomic_load_n(&v->timer_when, __ATOMIC_SEQ_CST);
	if (irq_pending(v))
		return;
	stack_trim(m);
	now = clock_now(m);
	if (when != CLOCK_NEVER)
		timeout = clock_timespec(when > now ? when - now : 0);
	if (tty_background(m) && clock_nsec(&timeout) > TTY_INTERVAL)
		timeout = clock_timespec(TTY_INTERVAL);
	look(m, &timeout);
	clock_poll(v);
}
