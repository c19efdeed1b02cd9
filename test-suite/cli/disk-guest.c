/* SPDX-License-Identifier: MIT */
/* cli/disk's program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define want(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "line %d: %s: %m\n", __LINE__, #cond); \
			exit(1); \
		} \
	} while (0)

#define MIB (1 << 20)
static _Alignas(4096) char buf[4 * MIB], back[4 * MIB];

static unsigned long long size_of(int fd)
{
	unsigned long long size = 0;

	want(!ioctl(fd, BLKGETSIZE64, &size));
	return size;
}

static void raw(void)
{
	unsigned long long range[2] = { 8 * MIB, 4 * MIB };
	int fd = open("/dev/vda", O_RDWR | O_SYNC), tail = open("/dev/vdb", O_RDONLY), i, ro = 0;

	want(fd >= 0 && size_of(fd) == 64 * MIB);
	for (i = 0; i < (int)sizeof(buf); i++)
		buf[i] = i % 251;
	want(pwrite(fd, buf, sizeof(buf), 8 * MIB) == sizeof(buf) && !fsync(fd));
	want(!ioctl(fd, BLKFLSBUF));
	want(pread(fd, back, sizeof(back), 8 * MIB) == sizeof(back));
	want(!memcmp(buf, back, sizeof(buf)));
	want(pwrite(fd, "hello", 5, MIB) == 5 && !fdatasync(fd));
	/* the page cache has no part in it */
	close(fd);
	fd = open("/dev/vda", O_RDWR | O_DIRECT);
	want(fd >= 0 && pread(fd, back, 4096, MIB) == 4096 && !memcmp(back, "hello", 5));
	want(!ioctl(fd, BLKZEROOUT, range));
	want(pread(fd, back, sizeof(back), 8 * MIB) == sizeof(back));
	for (i = 0; i < (int)sizeof(back); i++)
		want(!back[i]);
	want(pwrite(fd, buf, sizeof(buf), 8 * MIB) == sizeof(buf));
	want(!ioctl(fd, BLKDISCARD, range));
	want(pread(fd, back, 4096, 8 * MIB) == 4096 && !back[0] && !back[4095]);
	want(pwrite(fd, buf, 4096, 64 * MIB) == -1 && errno == ENOSPC);
	want(pread(fd, buf, 4096, 64 * MIB) == 0);

	want(tail >= 0 && size_of(tail) == 1000448);
	want(!ioctl(tail, BLKROGET, &ro) && ro);
	fd = open("/dev/vdb", O_RDWR);
	want(pwrite(fd, "x", 1, 0) == -1 && errno == EPERM);
	want(pread(tail, back, 512, 1000448 - 512) == 512);
	want(back[511] == 0 && back[999999 - (1000448 - 512)] == 'X');
	want(open("/dev/vdc", O_RDONLY) == -1);
}

static void file_system(const char *disk, const char *type, int write_it)
{
	int fd, i;

	mkdir("/tmp/m", 0755);
	want(!mount(disk, "/tmp/m", type, write_it ? 0 : MS_RDONLY, NULL));
	for (i = 0; i < 20; i++) {
		snprintf(buf, sizeof(buf), "/tmp/m/file%d", i);
		fd = open(buf, write_it ? O_WRONLY | O_CREAT : O_RDONLY, 0644);
		want(fd >= 0);
		memset(buf, 'a' + i, 100000);
		if (write_it) {
			want(write(fd, buf, 100000) == 100000);
		} else {
			want(read(fd, back, sizeof(back)) == 100000);
			want(!memcmp(buf, back, 100000));
		}
		close(fd);
	}
	want(!umount("/tmp/m"));
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "raw")) {
		raw();
	} else if (!strcmp(argv[1], "wait")) {
		puts("waits");
		fflush(stdout);
		pause();
	} else if (argc == 4) {
		file_system(argv[2], argv[3], !strcmp(argv[1], "write"));
	}
	return 0;
}
