/* SPDX-License-Identifier: MIT */
/* Time, the timer interrupt, and sleep. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/stack.h"
#include "devices/stream.h"
#include "devices/tty.h"

#define NSEC_PER_SEC 1000000000ull
#define NEVER (~0ull)
#define LAST (1ull << 62)	/* nanoseconds since boot: in 146 years */
#define RANDOM_MOST (1u << 20)	/* bytes, at once */
#define TTY_INTERVAL 200000000
#define POLL_INTERVAL 4000000	/* nanoseconds */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static uint64_t nsec(const struct timespec *ts)
{
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static struct timespec timespec(uint64_t ns)
{
	return (struct timespec) { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

uint64_t clock_now(struct muslin *m)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return nsec(&ts) - nsec(&m->boot_time);
}

u64 w2c_host_clock_ns(struct w2c_host *h)
{
	return clock_now(machine(h));
}

u64 w2c_host_realtime_ns(struct w2c_host *h)
{
	struct timespec ts;

	(void)h;
	clock_gettime(CLOCK_REALTIME, &ts);
	return nsec(&ts);
}

static void timer_arm(struct muslin *m)
{
	struct itimerspec it = { 0 };

	if (m->timer_when != NEVER)
		it.it_value = timespec(m->timer_when + nsec(&m->boot_time));
	timer_settime(m->timer, TIMER_ABSTIME, &it, NULL);
}

static void timer_check(struct muslin *m)
{
	if (m->timer_when == NEVER || clock_now(m) < m->timer_when)
		return;
	m->timer_when = NEVER;
	irq_raise(m, HOST_IRQ_TIMER);
}

static void poll_files(struct muslin *m, const struct timespec *timeout)
{
	struct pollfd p[STREAM_POLLFDS];
	int n = stream_pollfds(m, p);

	if (ppoll(p, n, timeout, NULL) > 0)
		irq_raise(m, stream_ready(m, p));
	m->polled = clock_now(m);
}

/* In a signal handler, which may have interrupted any host code. */
void clock_poll(struct muslin *m)
{
	timer_check(m);
}

/*
 * Files are looked at here, since the tick of a busy kernel comes by: while it
 * does not idle, and not from a signal handler.
 */
void w2c_host_timer_set(struct w2c_host *h, u64 when)
{
	static const struct timespec now;
	struct muslin *m = machine(h);

	/* it is to be a time of the host's, too */
	m->timer_when = when > LAST ? NEVER : when;
	if (when <= clock_now(m)) {
		m->timer_when = NEVER;
		irq_raise(m, HOST_IRQ_TIMER);
	}
	timer_arm(m);
	if (clock_now(m) - m->polled > POLL_INTERVAL)
		poll_files(m, &now);
}

void w2c_host_idle(struct w2c_host *h)
{
	struct muslin *m = machine(h);
	struct timespec timeout = { .tv_sec = 3600 };
	uint64_t now, when;

	machine_poke(m);
	/*
	 * The timer's signal does not wake what is only about to sleep.  After
	 * this line it finds a timeout that it has not changed; before it, it
	 * has left an interrupt.
	 */
	when = __atomic_load_n(&m->timer_when, __ATOMIC_SEQ_CST);
	if (irq_pending(m))
		return;
	stack_trim(m);
	now = clock_now(m);
	if (when != NEVER)
		timeout = timespec(when > now ? when - now : 0);
	if (tty_background(m) && nsec(&timeout) > TTY_INTERVAL)
		timeout = timespec(TTY_INTERVAL);
	poll_files(m, &timeout);
	timer_check(m);
}

void w2c_host_random(struct w2c_host *h, u32 buf, u32 n)
{
	struct muslin *m = machine(h);
	uint8_t *p = kmem(m, buf, n);
	ssize_t r;

	if (n > RANDOM_MOST)
		machine_refuse(m, "asked for %u random bytes", n);
	for (; n; n -= r, p += r) {
		r = getrandom(p, n, 0);
		if (r < 0 && errno == EINTR)
			r = 0;
		if (r < 0) {
			fail(m, -errno, "no random bytes: %s", strerror(errno));
			machine_halt(m, HALTED + HOST_PANIC);
		}
	}
}

int clock_init(struct muslin *m)
{
	clock_gettime(CLOCK_MONOTONIC, &m->boot_time);
	m->timer_when = NEVER;
	return 0;
}

void clock_resume(struct muslin *m, uint64_t now)
{
	uint64_t boot;

	clock_gettime(CLOCK_MONOTONIC, &m->boot_time);
	boot = nsec(&m->boot_time) - now;
	m->boot_time = timespec(boot);
}

/* Interrupts go to the thread that runs the machine. */
int clock_start(struct muslin *m)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = fault_irq_signal(),
		.sigev_value.sival_ptr = fault_irq_tag() };

	ev.sigev_notify_thread_id = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &ev, &m->timer))
		return -errno;
	timer_arm(m);
	return 0;
}

void clock_stop(struct muslin *m)
{
	timer_delete(m->timer);
}
