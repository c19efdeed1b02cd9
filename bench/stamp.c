/* SPDX-License-Identifier: MIT */
/*
 * Prints the time at which main() began, in nanoseconds since 1970; with an
 * argument, that after a read.
 */
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec t;

	if (argc > 1)
		getchar();
	clock_gettime(CLOCK_REALTIME, &t);
	printf("%lld\n", t.tv_sec * 1000000000LL + t.tv_nsec);
	return 0;
}
