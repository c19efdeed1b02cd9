/* SPDX-License-Identifier: MIT */
/* Host files with offsets that need more than 32 bits, most of them holes. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

#define GIB (1ll << 30)

static void at(int fd, off_t pos)
{
	char buf[9] = "";

	t_check(pwrite(fd, "12345678", 8, pos) == 8);
	t_check(pread(fd, buf, 8, pos) == 8);
	if (strcmp(buf, "12345678"))
		t_error("at %lld: %s\n", (long long)pos, buf);
}

int main(void)
{
	static const off_t places[] = {
		2 * GIB - 4, 4 * GIB - 4, 4 * GIB + 65532, 5 * GIB, 100 * GIB, 1024 * GIB,
	};
	struct stat st;
	char buf[8];
	unsigned int i;
	int fd = open("large", O_RDWR | O_CREAT, 0600);
	char *p;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		at(fd, places[i]);
		t_check(fstat(fd, &st) == 0 && st.st_size == places[i] + 8);
	}
	t_check(st.st_blocks < 10000);
	close(fd);

	fd = open("large", O_RDWR);
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		t_check(lseek(fd, places[i], SEEK_SET) == places[i]);
		t_check(read(fd, buf, 8) == 8 && !memcmp(buf, "12345678", 8));
	}
	t_check(lseek(fd, 0, SEEK_CUR) == 1024 * GIB + 8);
	t_check(lseek(fd, 0, SEEK_END) == 1024 * GIB + 8);
	t_check(pread(fd, buf, 8, 3 * GIB) == 8 && !buf[0] && !buf[7]);

	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 5 * GIB);
	t_check(p != MAP_FAILED);
	if (p != MAP_FAILED) {
		t_check(!memcmp(p, "12345678", 8));
		p[1] = 'x';
		t_check(munmap(p, 65536) == 0);
		t_check(pread(fd, buf, 8, 5 * GIB) == 8 && !memcmp(buf, "1x345678", 8));
	}
	t_check(ftruncate(fd, 6 * GIB + 1) == 0);
	t_check(fstat(fd, &st) == 0 && st.st_size == 6 * GIB + 1);
	t_check(truncate("large", 5 * GIB + 4) == 0);
	t_check(pread(fd, buf, 8, 5 * GIB) == 4);
	close(fd);
	t_check(unlink("large") == 0);
	return t_status;
}
