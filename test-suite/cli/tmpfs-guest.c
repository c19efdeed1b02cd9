/* SPDX-License-Identifier: MIT */
/* The guest's part of the test tmpfs: what to do, and where. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../guest/test.h"

/* n empty files. */
static void many(const char *dir, int n)
{
	int i, fd;

	t_check(chdir(dir) == 0);
	for (i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0) {
			t_error("%s/%s: %s\n", dir, name, strerror(errno));
			return;
		}
		close(fd);
	}
}

static char block[1 << 16];

/* Until it is full; what is there stays, and the machine goes on. */
static void fill(const char *dir)
{
	int fd, status;
	ssize_t n;

	t_check(chdir(dir) == 0);
	fd = open("big", O_RDWR | O_CREAT, 0600);
	memset(block, 'x', sizeof(block));
	while ((n = write(fd, block, sizeof(block))) > 0)
		;
	t_check(n == -1 && errno == ENOSPC);
	t_check(pread(fd, block, 1, 4096) == 1 && *block == 'x');
	if (!fork())
		_exit(7);
	t_check(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	t_check(ftruncate(fd, 0) == 0 && write(fd, block, sizeof(block)) == sizeof(block));
}

/* As many names as there can be. */
static void names(const char *dir)
{
	char name[16];
	int i = 0, status;

	t_check(chdir(dir) == 0);
	do
		snprintf(name, sizeof(name), "%d", i++);
	while (symlink("x", name) == 0);
	t_check(errno == ENOSPC);
	if (!fork())
		_exit(7);
	t_check(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	t_check(unlink("0") == 0 && symlink("x", "0") == 0);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "many"))
		many(argv[2], atoi(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "fill"))
		fill(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "names"))
		names(argv[2]);
	return t_status;
}
