/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(void)
{
	struct utsname u;

	uname(&u);
	printf("Hello from %s %s on %s, process %d\n", u.sysname, u.release,
	       u.machine, (int)getpid());
	return 0;
}
