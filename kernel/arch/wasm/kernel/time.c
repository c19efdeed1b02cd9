// SPDX-License-Identifier: GPL-2.0
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>
#include <asm/host.h>
#include "time.h"

static u64 clock_read(struct clocksource *cs)
{
	return host_clock_ns();
}

static struct clocksource clock = {
	.name	= "host",
	.rating	= 400,
	.read	= clock_read,
	.mask	= CLOCKSOURCE_MASK(64),
	.mult	= 1 << 24,	/* it counts nanoseconds */
	.shift	= 24,
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
};

/* From the first moment on: jiffies would lose what booting takes. */
struct clocksource * __init clocksource_default_clock(void)
{
	return &clock;
}

static int timer_next(unsigned long delta, struct clock_event_device *ev)
{
	host_timer_set(host_clock_ns() + delta);
	return 0;
}

static int timer_off(struct clock_event_device *ev)
{
	host_timer_set(~0ULL);
	return 0;
}

static DEFINE_PER_CPU(struct clock_event_device, timers) = {
	.name			= "host",
	.rating			= 400,
	.features		= CLOCK_EVT_FEAT_ONESHOT,
	.set_next_event		= timer_next,
	.set_state_shutdown	= timer_off,
	.set_state_oneshot	= timer_off,
};

void wasm_timer_irq(void)
{
	struct clock_event_device *timer = this_cpu_ptr(&timers);

	if (timer->event_handler)
		timer->event_handler(timer);
}

void wasm_timer_start(void)
{
	struct clock_event_device *timer = this_cpu_ptr(&timers);

	timer->cpumask = cpumask_of(smp_processor_id());
	clockevents_config_and_register(timer, NSEC_PER_SEC, 1000, 0x7fffffff);
}

unsigned long long sched_clock(void)
{
	return host_clock_ns();
}

/* The wall clock, seen from the other one, when it was last taken from the host. */
static s64 taken;

void read_persistent_clock64(struct timespec64 *ts)
{
	u64 now = host_realtime_ns();

	taken = now - host_clock_ns();
	*ts = ns_to_timespec64(now);
}

/* One that the guest has set is the guest's alone. */
void wasm_clock_irq(void)
{
	s64 own = ktime_get_real_ns() - host_clock_ns() - taken;
	struct timespec64 now;

	if (abs(own) > 5 * NSEC_PER_MSEC)
		return;
	read_persistent_clock64(&now);
	do_settimeofday64(&now);
}

void __init time_init(void)
{
	__clocksource_register(&clock);
	wasm_timer_start();
}

void calibrate_delay(void)
{
	loops_per_jiffy = NSEC_PER_SEC / HZ;	/* a loop is a nanosecond */
}

void __delay(unsigned long loops)
{
	u64 end = host_clock_ns() + loops;

	while (host_clock_ns() < end)
		cpu_relax();
}

void __ndelay(unsigned long ns)
{
	__delay(ns);
}

void __udelay(unsigned long us)
{
	__delay(us * 1000);
}

/* xloops is us * 2^32 / 10^6 */
void __const_udelay(unsigned long xloops)
{
	__delay((u64)xloops * 1000000000 >> 32);
}
