/* SPDX-License-Identifier: MIT */
/* Ordinary files of the host: contents, modes, links, files without a name. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static char buf[300000];
static struct stat st;

static void want(int fd, off_t at, const char *text)
{
	size_t n = strlen(text);

	memset(buf, 0, n + 2);
	if (pread(fd, buf, n + 1, at) != (ssize_t)n || memcmp(buf, text, n))
		t_error("at %lld: want \"%s\", got \"%s\"\n", (long long)at, text, buf);
}

static void write_and_read(void)
{
	int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0640), fd2;

	t_check(fd >= 0);
	t_check(write(fd, "hello", 5) == 5);
	want(fd, 0, "hello");
	t_check(pwrite(fd, "J", 1, 0) == 1);
	want(fd, 0, "Jello");
	fd2 = open("a", O_RDONLY);
	want(fd2, 1, "ello");
	t_check(write(fd2, "x", 1) == -1 && errno == EBADF);
	t_check(open("a", O_RDWR | O_CREAT | O_EXCL, 0640) == -1 && errno == EEXIST);
	t_check(fstat(fd2, &st) == 0 && st.st_size == 5 && st.st_nlink == 1);
	t_check((st.st_mode & 07777) == 0640 && S_ISREG(st.st_mode));
	close(fd2);

	/* a hole, then over several pages and their borders */
	t_check(pwrite(fd, "end", 3, 200000) == 3);
	t_check(pread(fd, buf, sizeof(buf), 0) == 200003);
	t_check(!memcmp(buf, "Jello\0\0", 7) && !buf[65535] && !buf[65536] && !buf[199999]);
	memset(buf, 'z', sizeof(buf));
	t_check(pwrite(fd, buf, 140000, 60000) == 140000);
	memset(buf, 0, sizeof(buf));
	t_check(pread(fd, buf, sizeof(buf), 0) == 200003);
	t_check(!buf[59999] && buf[60000] == 'z' && buf[131072] == 'z' && buf[199999] == 'z' && buf[200000] == 'e');
	close(fd);

	/* reader first: the writer must not disturb it */
	fd = open("a", O_RDONLY);
	fd2 = open("a", O_WRONLY | O_TRUNC);
	t_check(pread(fd, buf, 1, 0) == 0);
	t_check(write(fd2, "new", 3) == 3);
	want(fd, 0, "new");
	close(fd);
	t_check(write(fd2, "er", 2) == 2);
	close(fd2);
	fd = open("a", O_RDONLY);
	want(fd, 0, "newer");
	close(fd);
}

static void append(void)
{
	int a = open("log", O_WRONLY | O_APPEND | O_CREAT, 0600);
	int b = open("log", O_WRONLY | O_APPEND);
	int fd;

	t_check(write(a, "1", 1) == 1 && write(b, "2", 1) == 1 && write(a, "3", 1) == 1);
	t_check(lseek(a, 0, SEEK_SET) == 0 && write(a, "4", 1) == 1);
	fd = open("log", O_RDONLY);
	want(fd, 0, "1234");
	close(a);
	close(b);
	close(fd);
}

static void cut(void)
{
	int fd = open("cut", O_RDWR | O_CREAT, 0600), r;

	memset(buf, 'x', 100000);
	t_check(write(fd, buf, 100000) == 100000);
	t_check(ftruncate(fd, 10) == 0 && ftruncate(fd, 80000) == 0);
	t_check(fstat(fd, &st) == 0 && st.st_size == 80000);
	t_check(pread(fd, buf, sizeof(buf), 0) == 80000);
	t_check(buf[9] == 'x' && !buf[10] && !buf[70000]);
	close(fd);
	/* by name, while it is open for reading only */
	r = open("cut", O_RDONLY);
	t_check(truncate("cut", 3) == 0);
	want(r, 0, "xxx");
	close(r);
	t_check(stat("cut", &st) == 0 && st.st_size == 3);
	t_check(truncate("cut", 0) == 0 && stat("cut", &st) == 0 && st.st_size == 0);
}

static void no_name(void)
{
	int fd = open("tmp", O_RDWR | O_CREAT, 0600), fd2;

	t_check(write(fd, "kept", 4) == 4);
	t_check(unlink("tmp") == 0);
	t_check(access("tmp", F_OK) == -1 && errno == ENOENT);
	want(fd, 0, "kept");
	t_check(pwrite(fd, "K", 1, 0) == 1 && ftruncate(fd, 3) == 0 && fchmod(fd, 0400) == 0);
	want(fd, 0, "Kep");
	t_check(fstat(fd, &st) == 0 && st.st_nlink == 0 && st.st_size == 3);
	t_check((st.st_mode & 07777) == 0400);
	/* another file takes the name */
	fd2 = open("tmp", O_RDWR | O_CREAT | O_EXCL, 0600);
	t_check(write(fd2, "other", 5) == 5);
	want(fd, 0, "Kep");
	want(fd2, 0, "other");
	close(fd);
	/* renamed over while it is open */
	fd = open("tmp2", O_RDWR | O_CREAT, 0600);
	t_check(write(fd, "new", 3) == 3);
	t_check(rename("tmp2", "tmp") == 0);
	want(fd2, 0, "other");
	want(fd, 0, "new");
	t_check(fstat(fd2, &st) == 0 && st.st_nlink == 0);
	t_check(write(fd, "er", 2) == 2);
	close(fd);
	close(fd2);
	fd = open("tmp", O_RDONLY);
	want(fd, 0, "newer");
	close(fd);
}

static void links(void)
{
	struct stat other;
	int fd = open("one", O_RDWR | O_CREAT, 0600), fd2;

	t_check(write(fd, "1", 1) == 1);
	t_check(link("one", "two") == 0);
	t_check(fstat(fd, &st) == 0 && st.st_nlink == 2);
	t_check(stat("two", &other) == 0 && other.st_ino == st.st_ino && other.st_dev == st.st_dev);
	/* one file, one content, by whichever name */
	fd2 = open("two", O_RDWR);
	t_check(pwrite(fd2, "22", 2, 0) == 2);
	want(fd, 0, "22");
	t_check(pwrite(fd, "333", 3, 0) == 3);
	want(fd2, 0, "333");
	t_check(unlink("one") == 0);
	t_check(fstat(fd2, &st) == 0 && st.st_nlink == 1);
	close(fd);
	close(fd2);
	t_check(link("two", "two") == -1 && errno == EEXIST);
	t_check(link("none", "three") == -1 && errno == ENOENT);
}

static void modes(void)
{
	mode_t old = umask(0);
	int fd = open("m1", O_RDWR | O_CREAT, 0666);

	t_check(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0666);
	close(fd);
	t_check(mkdir("m2", 01777) == 0 && stat("m2", &st) == 0 && (st.st_mode & 07777) == 01777);
	umask(027);
	fd = open("m3", O_RDWR | O_CREAT, 0777);
	t_check(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0750);
	close(fd);
	umask(old);

	/* may not be read later, but has been created for writing */
	fd = open("m4", O_RDWR | O_CREAT, 0);
	t_check(write(fd, "x", 1) == 1 && pread(fd, buf, 1, 0) == 1);
	close(fd);
	t_check(stat("m4", &st) == 0 && (st.st_mode & 07777) == 0);
	t_check(chmod("m4", 0741) == 0 && stat("m4", &st) == 0 && (st.st_mode & 07777) == 0741);
	t_check(st.st_uid == geteuid());
	t_check(chown("m4", geteuid(), getegid()) == 0);
	t_check(stat("m4", &st) == 0 && st.st_gid == getegid());
	t_check(access("m4", R_OK | W_OK | X_OK) == 0);
	t_check(st.st_blksize >= 4096);
}

int main(void)
{
	write_and_read();
	append();
	cut();
	no_name();
	links();
	modes();
	return t_status;
}
