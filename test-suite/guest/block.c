/* SPDX-License-Identifier: MIT */
/* Block devices: one of memory, and a file as one. */
#define _GNU_SOURCE
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include "namespaces.h"
#include "test.h"

int main(void)
{
	static char buf[65536], back[65536];
	unsigned long long size = 0;
	char name[40];
	int fd, file, control, n;

	want_root();
	memset(buf, 'x', sizeof(buf));
	fd = open("/dev/ram0", O_RDWR);
	t_check(fd >= 0 && !ioctl(fd, BLKGETSIZE64, &size) && size >= 1 << 20);
	t_check(pwrite(fd, buf, sizeof(buf), 65536) == sizeof(buf) && !fsync(fd));
	t_check(!ioctl(fd, BLKFLSBUF) || errno == EBUSY);
	t_check(pread(fd, back, sizeof(back), 65536) == sizeof(back));
	t_check(!memcmp(buf, back, sizeof(buf)));
	close(fd);

	file = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	t_check(!ftruncate(file, 1 << 20));
	control = open("/dev/loop-control", O_RDWR);
	n = ioctl(control, LOOP_CTL_GET_FREE);
	t_check(n >= 0);
	snprintf(name, sizeof(name), "/dev/loop%d", n);
	fd = open(name, O_RDWR);
	t_check(fd >= 0 && !ioctl(fd, LOOP_SET_FD, file));
	t_check(!ioctl(fd, BLKGETSIZE64, &size) && size == 1 << 20);
	t_check(pwrite(fd, buf, 4096, 512 * 1024) == 4096 && !fsync(fd));
	t_check(pread(file, back, 4096, 512 * 1024) == 4096 && back[0] == 'x' && back[4095] == 'x');
	t_check(!ioctl(fd, LOOP_CLR_FD, 0));
	return t_status;
}
