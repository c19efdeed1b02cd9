/* SPDX-License-Identifier: MIT */
/* The channel between init and the embedder is nobody else's, root included. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "test.h"

static struct stat ctl;

static void refused(const char *path)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_NONBLOCK };
	size_t i;
	int fd;

	for (i = 0; i < sizeof modes / sizeof *modes; i++) {
		fd = open(path, modes[i]);
		if (fd < 0 && (errno == EPERM || (geteuid() && errno == EACCES)))
			continue;
		t_error("%s: fd %d, errno %d\n", path, fd, errno);
		close(fd);
	}
}

/* A path of it, and only that, can be had; which is of no more use. */
static void check_node(void)
{
	const char *node = "/dev/control-stream";

	unlink(node);
	if (mknod(node, S_IFCHR | 0666, ctl.st_rdev)) {
		t_check(geteuid() && (errno == EPERM || errno == EACCES));
		return;
	}
	refused(node);
	unlink(node);
}

static int is_ctl(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == ctl.st_rdev;
}

static void check_use(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	char reply[20] = { sizeof reply };

	t_check(write(fd, reply, sizeof reply) == -1 && errno == EPERM);
	t_check(read(fd, reply, sizeof reply) == -1 && errno == EPERM);
	t_check(lseek(fd, 0, SEEK_CUR) == -1);
	t_check(poll(&p, 1, 0) == 1 && p.revents == POLLERR);
}

/* Root gets init's open file all the same. */
static void check_stolen(void)
{
	int init = syscall(SYS_pidfd_open, 1, 0), found = 0, i, fd;

	t_check(init >= 0);
	for (i = 0; i < 32; i++) {
		fd = syscall(SYS_pidfd_getfd, init, i, 0);
		if (fd < 0)
			continue;
		if (is_ctl(fd)) {
			found++;
			check_use(fd);
		}
		close(fd);
	}
	t_check(found == !geteuid());
	close(init);
}

static void check_proc(void)
{
	char path[64];
	struct stat st;
	int i;

	for (i = 0; i < 32; i++) {
		snprintf(path, sizeof path, "/proc/1/fd/%d", i);
		if (!stat(path, &st) && S_ISCHR(st.st_mode) && st.st_rdev == ctl.st_rdev)
			refused(path);
	}
}

int main(void)
{
	t_check(!stat("/dev/stream0", &ctl));
	refused("/dev/stream0");
	check_node();
	check_proc();
	check_stolen();
	return t_status;
}
