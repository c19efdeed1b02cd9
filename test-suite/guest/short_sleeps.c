// SPDX-License-Identifier: MIT
// host/machine/clock.c: a timer that fired while the host was about to sleep was lost,
// and the machine slept for an hour.
#include <errno.h>
#include <sys/prctl.h>
#include <time.h>
#include "test.h"

int main(void)
{
	struct timespec t = { 0 };
	int i;

	prctl(PR_SET_TIMERSLACK, 1);
	for (i = 0; i < 20000; i++) {
		t.tv_nsec = 1000 + i % 400 * 25;
		if (nanosleep(&t, NULL))
			t_error("nanosleep: errno %d\n", errno);
	}
	return t_status;
}
