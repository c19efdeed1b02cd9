/* SPDX-License-Identifier: MIT */
/* Host files in memory: private, shared, and written back. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

#define SIZE 200000

static char buf[SIZE + 1];

static char byte(size_t i)
{
	return 'a' + i % 23;
}

static void make(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t i;

	for (i = 0; i < SIZE; i++)
		buf[i] = byte(i);
	t_check(write(fd, buf, SIZE) == SIZE);
	close(fd);
}

static int read_all(const char *name)
{
	int fd = open(name, O_RDONLY), n;

	memset(buf, 0, sizeof(buf));
	n = read(fd, buf, sizeof(buf));
	close(fd);
	return n;
}

static void private_map(void)
{
	int fd = open("f", O_RDONLY);
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	size_t i, bad = 0, page = getpagesize();

	t_check(p != MAP_FAILED);
	close(fd);
	for (i = 0; i < SIZE; i++)
		bad += p[i] != byte(i);
	if (bad)
		t_error("%zu bytes differ\n", bad);
	for (i = SIZE; i % page; i++)
		bad += p[i] != 0;
	if (bad)
		t_error("%zu bytes beyond the end are not zero\n", bad);
	p[0] = p[SIZE - 1] = '!';
	t_check(munmap(p, SIZE) == 0);
	t_check(read_all("f") == SIZE && buf[0] == byte(0) && buf[SIZE - 1] == byte(SIZE - 1));
}

static void shared_map(void)
{
	int fd = open("f", O_RDWR);
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	t_check(p != MAP_FAILED);
	/* map and read, write see each other */
	p[70000] = '1';
	t_check(pread(fd, buf, 1, 70000) == 1 && buf[0] == '1');
	t_check(pwrite(fd, "2", 1, 70001) == 1 && p[70001] == '2');
	t_check(msync(p, SIZE, MS_SYNC) == 0);
	t_check(read_all("f") == SIZE && buf[70000] == '1' && buf[70001] == '2');
	p[SIZE - 1] = '3';
	p[SIZE] = '4';		/* beyond the end: nowhere */
	close(fd);
	t_check(munmap(p, SIZE) == 0);
	t_check(read_all("f") == SIZE && buf[SIZE - 1] == '3');
}

/* What a database does. */
static void grow(void)
{
	int fd = open("g", O_RDWR | O_CREAT, 0600);
	char *p;
	struct stat st;

	t_check(ftruncate(fd, 3 * 65536) == 0);
	p = mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	t_check(p != MAP_FAILED);
	memset(p + 65536, 'm', 65536);
	t_check(msync(p, 3 * 65536, MS_SYNC) == 0);
	t_check(fsync(fd) == 0 && fdatasync(fd) == 0);
	t_check(fstat(fd, &st) == 0 && st.st_size == 3 * 65536);
	t_check(munmap(p, 3 * 65536) == 0);
	close(fd);
	t_check(read_all("g") == 3 * 65536);
	t_check(!buf[0] && buf[65536] == 'm' && buf[2 * 65536 - 1] == 'm' && !buf[2 * 65536]);
}

static void unnamed(void)
{
	FILE *f = tmpfile();
	int fd = open("u", O_RDWR | O_CREAT | O_EXCL, 0600);
	char *p;

	t_check(f && fputs("x", f) >= 0 && fclose(f) == 0);
	t_check(ftruncate(fd, 65536) == 0 && unlink("u") == 0);
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	t_check(p != MAP_FAILED);
	strcpy(p, "unnamed");
	t_check(msync(p, 65536, MS_SYNC) == 0);
	t_check(pread(fd, buf, 8, 0) == 8 && !strcmp(buf, "unnamed"));
	t_check(munmap(p, 65536) == 0);
	t_check(pread(fd, buf, 8, 0) == 8 && !strcmp(buf, "unnamed"));
	close(fd);
}

int main(void)
{
	make("f");
	private_map();
	shared_map();
	grow();
	unnamed();
	return t_status;
}
