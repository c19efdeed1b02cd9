/* SPDX-License-Identifier: MIT */
/* timerfd: once, periodic, absolute, and what is left. */
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static struct timespec ns(int64_t n)
{
	return (struct timespec){ n / 1000000000, n % 1000000000 };
}

int main(void)
{
	const int64_t ms = 1000000;
	struct itimerspec t = { .it_value = { .tv_nsec = 20 * ms } }, left;
	int64_t start = now();
	uint64_t n;
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	t_check(fd >= 0);
	t_check(timerfd_settime(fd, 0, &t, NULL) == 0);
	t_check(timerfd_gettime(fd, &left) == 0);
	t_check(left.it_value.tv_sec == 0 && left.it_value.tv_nsec <= 20 * ms);
	t_check(read(fd, &n, sizeof n) == sizeof n && n == 1);
	t_check(now() - start >= 20 * ms);

	/* the third of three at the earliest after two intervals */
	t.it_interval.tv_nsec = 10 * ms;
	t.it_value.tv_nsec = 1;
	start = now();
	t_check(timerfd_settime(fd, 0, &t, NULL) == 0);
	for (int sum = 0; sum < 3; sum += n)
		t_check(read(fd, &n, sizeof n) == sizeof n && n >= 1);
	t_check(now() - start >= 20 * ms);

	/* a periodic one that nobody reads counts */
	start = now();
	while (now() - start < 45 * ms)
		;
	t_check(read(fd, &n, sizeof n) == sizeof n && n >= 4);

	t.it_interval.tv_nsec = 0;
	start = now();
	t.it_value = ns(start + 15 * ms);
	t_check(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL) == 0);
	t_check(read(fd, &n, sizeof n) == sizeof n && n == 1);
	t_check(now() >= start + 15 * ms);

	t.it_value = ns(0);
	t_check(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL) == 0);
	t_check(timerfd_gettime(fd, &left) == 0 && left.it_value.tv_nsec == 0);
	return t_status;
}
