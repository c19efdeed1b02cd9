/* SPDX-License-Identifier: MIT */
/* syscall(): by a constant, by a variable, 64-bit arguments, unknown calls. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	volatile long getpid_nr = SYS_getpid, write_nr = SYS_write, none = 9999;
	char buf[8] = "";
	long long where = 0;
	int fd = open("file", O_RDWR | O_CREAT, 0600);

	t_check(syscall(SYS_getpid) == getpid());
	t_check(syscall(getpid_nr) == getpid());
	t_check(syscall(write_nr, fd, "hello", 5) == 5);
	t_check(syscall(SYS_pread64, fd, buf, 7, 1LL) == 4 && !strcmp(buf, "ello"));
	t_check(syscall(SYS_pread64, fd, buf, 7, 1LL << 32) == 0);
	t_check(syscall(SYS_write, -1, buf, 1) == -1 && errno == EBADF);
	/* it has two names, and once could not be linked */
	t_check(syscall(SYS_llseek, fd, 0, 2, &where, SEEK_SET) == 0 && where == 2);
	t_check(syscall(SYS__llseek, fd, 0, 1, &where, SEEK_CUR) == 0 && where == 3);
	errno = 0;
	t_check(syscall(none) == -1 && errno == ENOSYS);
	return t_status;
}
