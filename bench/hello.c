/* SPDX-License-Identifier: MIT */
/* With an argument it waits, so that its host can be looked at. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	puts("hello");
	fflush(stdout);
	if (argc > 1)
		sleep(1);
	return 0;
}
