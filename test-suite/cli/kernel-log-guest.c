/* SPDX-License-Identifier: MIT */
/* What can be put into the kernel's log. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "name")) {
		prctl(PR_SET_NAME, "n\33\r[2Jm\302\233x\233");
		*(volatile char *)16 = 1;
	}
	if (!strcmp(argv[1], "root"))
		return put("/dev/kmsg", "<0>kmsg: a\33\a[31mb\302\233c\200é\300d\n") ||
			put("/dev/ttyW0", "tty: \33[1m\r\n");
	if (!strcmp(argv[1], "user")) {
		if (!getuid() && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
			return 1;
		if (put("/dev/kmsg", "<0>hello") != EACCES)
			return 2;
	}
	return 0;
}
