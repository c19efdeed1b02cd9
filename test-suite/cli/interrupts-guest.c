/* SPDX-License-Identifier: MIT */
/* The guest's part of the test interrupts: how many WIN there were until "stop" is there. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned long count(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	unsigned long n = 0;
	char line[200];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "WIN:"))
			sscanf(strstr(line, "WIN:") + 4, "%lu", &n);
	if (f)
		fclose(f);
	return n;
}

int main(void)
{
	unsigned long before = count();
	int i;

	close(open("start", O_WRONLY | O_CREAT, 0600));
	while (access("stop", F_OK))
		for (i = 0; i < 1000; i++)
			sched_yield();
	printf("%lu\n", count() - before);
	return 0;
}
