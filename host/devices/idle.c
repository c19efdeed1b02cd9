/* SPDX-License-Identifier: MIT */
/* Waiting, for the timer or for files: what the boot vCPU does that has nothing to do. */
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
#include "machine/cpus.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/stack.h"
#include "machine/x86_64/this-vcpu.h"
#include "net/net.h"

#define POLL_INTERVAL 4000000	/* nanoseconds, while the machine does not idle */
#define TTY_INTERVAL 200000000	/* the same, at most, in the background of a terminal */

/* What is waited for, and where it is in an array for poll(). */
enum { WALL, NET, DISKS, JOBS, WAKE, CONTROL, OTHERS };

static int list(struct muslin *m, struct pollfd *p)
{
	int n = stream_pollfds(m, p);

	p[n + WALL] = (struct pollfd){ .fd = m->wall_fd, .events = POLLIN };
	p[n + NET] = net_pollfd(m);
	p[n + DISKS] = (struct pollfd){ .fd = disks_wake_fd(m), .events = POLLIN };
	p[n + JOBS] = (struct pollfd){ .fd = jobs_wake_fd(&m->loader), .events = POLLIN };
	p[n + WAKE] = (struct pollfd){ .fd = m->wake_fd, .events = POLLIN };
	p[n + CONTROL] = (struct pollfd){
		.fd = m->ctl->asked ? -1 : m->ctl->listen, .events = POLLIN,
	};
	return n;
}

/* same: streams and the network are waited for as they were when that was listed. */
static void take(struct muslin *m, const struct pollfd *p, int n, bool same)
{
	uint64_t times;

	if (same)
		irq_raise(m, stream_ready(m, p) | net_ready(m, p[n + NET].revents));
	if (p[n + DISKS].revents)
		disks_woken(m);
	if (p[n + JOBS].revents)
		jobs_woken(&m->loader);
	m->ctl->asked |= p[n + CONTROL].revents != 0;
	/* they fail, and have told what they can */
	if (p[n + WALL].revents)
		(void)!read(m->wall_fd, &times, sizeof(times));
	if (p[n + WAKE].revents)
		(void)!read(m->wake_fd, &times, sizeof(times));
}

/* Without the lock while it waits, in which others may change what is waited for. */
static void look(struct muslin *m, const struct timespec *timeout)
{
	struct pollfd p[STREAM_POLLFDS + OTHERS];
	uint32_t changes;
	int n, r;

	cpus_lock(m);
	n = list(m, p);
	changes = m->changes;
	cpus_unlock(m);
	r = ppoll(p, n + OTHERS, timeout, NULL);
	cpus_lock(m);
	if (r > 0)
		take(m, p, n, changes == m->changes);
	clock_check_wall(m);
	m->polled = clock_now(m);
	cpus_unlock(m);
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
	if (this_vcpu() != boot_vcpu(m))
		return;
	machine_poked(m);
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

	if (this_vcpu() != boot_vcpu(m)) {
		cpus_sleep(this_vcpu());
		return;
	}
	machine_poke(m);
	v = this_vcpu();
	cpus_idle(v, true);
	/*
	 * The timer's signal does not wake what is only about to sleep.  After
	 * this line it finds a timeout that it has not changed; before it, it
	 * has left an interrupt.
	 */
	when = __atomic_load_n(&v->timer_when, __ATOMIC_SEQ_CST);
	if (irq_pending(v) || m->halted) {
		cpus_idle(v, false);
		cpus_check(m);
		return;
	}
	cpus_lock(m);
	stack_trim(m);
	cpus_unlock(m);
	now = clock_now(m);
	if (when != CLOCK_NEVER)
		timeout = clock_timespec(when > now ? when - now : 0);
	if (tty_background(m) && clock_nsec(&timeout) > TTY_INTERVAL)
		timeout = clock_timespec(TTY_INTERVAL);
	look(m, &timeout);
	cpus_idle(v, false);
	cpus_check(m);
	clock_poll(v);
}
