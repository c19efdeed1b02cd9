/* SPDX-License-Identifier: MIT */
/* What test-suite/cli/quota runs, with 1 MiB for the files in the directory argv[1]. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "test.h"

#define ZERO_RANGE 0x10	/* linux/falloc.h */
#define QUOTA (1 << 20)
#define NAME 4096

static char buf[65536];

static int over(long r)
{
	return r < 0 && errno == EDQUOT;
}

static void bounds(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644), i;
	long done = 0, r;

	t_check(fd >= 0);
	/* what is there already is written again for nothing */
	t_check(write(fd, buf, 10000) == 10000);
	for (i = 0; i < 300; i++)
		t_check(pwrite(fd, buf, 10000, 0) == 10000);
	for (done = 10000; (r = pwrite(fd, buf, sizeof(buf), done)) > 0; done += r)
		;
	t_check(over(r) && done == QUOTA - NAME);
	t_check(over(pwrite(fd, buf, 1, 1ll << 40)));
	t_check(over(ftruncate(fd, done + 1)));
	t_check(over(ftruncate(fd, 1ll << 40)));
	t_check(over(truncate("f", 1ll << 40)));
	t_check(over(fallocate(fd, 0, done, 1)));
	t_check(over(fallocate(fd, FALLOC_FL_KEEP_SIZE, done, 1 << 20)));
	t_check(over(fallocate(fd, ZERO_RANGE, done, 1 << 20)));
	t_check(over(open("g", O_RDWR | O_CREAT, 0644)));
	t_check(over(mkdir("d", 0755)));
	t_check(over(symlink("f", "l")));
	t_check(over(link("f", "h")));
	t_check(over(mkfifo("p", 0644)));
	t_check(over(rename("f", "renamed")));
	t_check(over(setxattr("f", "user.x", buf, 100, 0)) || errno == EOPNOTSUPP);
	/* what was freed is not given back */
	t_check(ftruncate(fd, 0) == 0 && over(write(fd, "x", 1)));
	t_check(unlink("f") == 0 && over(write(fd, "x", 1)));
	/* what is there can be read, changed and removed */
	t_check(pwrite(open("old", O_RDWR), "new", 3, 0) == 3);
	t_check(chmod("old", 0600) == 0);
	/* what is the guest's own has other limits */
	t_check(write(open("/tmp/x", O_RDWR | O_CREAT, 0600), buf, sizeof(buf)) == sizeof(buf));
}

/* All ways at once, at random, as root would do it too. */
static void grow(void)
{
	char name[32], other[32];
	int i, fd;

	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d", rand() % 500);
		snprintf(other, sizeof(other), "n%d", rand() % 500);
		switch (rand() % 12) {
		case 0: mkdir(name, 0755); break;
		case 1: symlink(buf, name); break;
		case 2: link(name, other); break;
		case 3: unlink(name); break;
		case 4: rename(name, other); break;
		case 5: truncate(name, rand() % 100000); break;
		case 6: setxattr(name, "user.a", buf, rand() % 4000, 0); break;
		default:
			fd = open(name, O_RDWR | O_CREAT | (rand() % 4 ? 0 : O_TRUNC), 0644);
			if (fd < 0)
				break;
			switch (rand() % 4) {
			case 0: fallocate(fd, FALLOC_FL_KEEP_SIZE, rand() % 100000, rand() % 100000); break;
			case 1: pwrite(fd, buf, rand() % sizeof(buf), rand() % 100000); break;
			case 2: ftruncate(fd, rand() % 100000); break;
			default: {
				char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
				struct stat st;

				if (p != MAP_FAILED && !fstat(fd, &st) && st.st_size > 0)
					p[(st.st_size < 65536 ? st.st_size : 65536) - 1] = 1;
				if (p != MAP_FAILED)
					munmap(p, 65536);
			}
			}
			close(fd);
		}
	}
}

int main(int argc, char **argv)
{
	memset(buf, 'x', sizeof(buf));
	t_check(chdir(argv[1]) == 0);
	if (argc > 2)
		grow();
	else
		bounds();
	return t_status;
}
