/* SPDX-License-Identifier: MIT */
/* For each byte that it reads, it tells the time; s: it sets it, too; b: when it changes. */
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(void)
{
	struct timespec t = { 1000000000, 0 };
	int64_t time, end;
	char c;

	while (read(0, &c, 1) == 1) {
		if (c == 's')
			clock_settime(CLOCK_REALTIME, &t);
		time = now(CLOCK_REALTIME);
		if (c == 'b') {
			write(1, &time, sizeof(time));
			end = now(CLOCK_MONOTONIC) + 5000000000ll;
			while (now(CLOCK_MONOTONIC) < end && now(CLOCK_REALTIME) < time + 1000000000000ll)
				;
			time = now(CLOCK_REALTIME);
		}
		write(1, &time, sizeof(time));
	}
	return 0;
}
