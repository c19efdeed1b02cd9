/* SPDX-License-Identifier: MIT */
/* An embedder that is killed when it has written part of an image. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "muslin.h"

static int left;

/* In the place of libc's. */
ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	if (left && !--left)
		raise(SIGKILL);
	return syscall(SYS_pwrite64, fd, buf, n, offset);
}

/* argv: the image, and at which write */
int main(int argc, char **argv)
{
	static const struct muslin_config config = { .image = "" };
	struct muslin *m;

	if (argc != 3 || muslin_new(&config, &m) || muslin_boot(m))
		return 1;
	left = atoi(argv[2]);
	if (muslin_snapshot(m, argv[1])) {
		printf("%s\n", muslin_error(m));
		return 2;
	}
	muslin_free(m);
	return 0;
}
