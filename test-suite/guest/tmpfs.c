/* SPDX-License-Identifier: MIT */
/* Files in /tmp: everything that a file system of Linux's own can do. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "test.h"

static struct stat st;

static void contents(void)
{
	struct iovec v[2] = { { "ab", 2 }, { "cd", 2 } };
	char buf[20];
	int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0644), copy;

	t_check(pwritev(fd, v, 2, 3) == 4 && lseek(fd, 0, SEEK_END) == 7);
	t_check(pread(fd, buf, 20, 0) == 7 && memcmp(buf, "\0\0\0abcd", 7) == 0);
	t_check(ftruncate(fd, 5) == 0 && fstat(fd, &st) == 0 && st.st_size == 5);
	/* beyond 4 GiB, without using memory for it */
	t_check(pwrite(fd, "far", 3, INT64_C(5) << 30) == 3);
	t_check(fstat(fd, &st) == 0 && st.st_size == (INT64_C(5) << 30) + 3);
	t_check(st.st_blocks < 1000);
	t_check(lseek(fd, 1 << 20, SEEK_DATA) == INT64_C(5) << 30);
	t_check(lseek(fd, INT64_C(-3), SEEK_END) == INT64_C(5) << 30);
	t_check(read(fd, buf, 20) == 3 && memcmp(buf, "far", 3) == 0);
	t_check(lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
	t_check(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1 << 20) == 0);
	t_check(pread(fd, buf, 5, 0) == 5 && buf[3] == 0);
	t_check(ftruncate(fd, 0) == 0 && pwrite(fd, "hello", 5, 0) == 5);

	copy = open("copy", O_RDWR | O_CREAT, 0600);
	t_check(sendfile(copy, fd, &(off_t){ 1 }, 100) == 4);
	t_check(copy_file_range(fd, &(off_t){ 0 }, copy, NULL, 2, 0) == 2);
	t_check(pread(copy, buf, 20, 0) == 6 && memcmp(buf, "ellohe", 6) == 0);
	close(copy);
	close(fd);
	fd = open("f", O_WRONLY | O_APPEND);
	t_check(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "!", 1) == 1);
	t_check(stat("f", &st) == 0 && st.st_size == 6);
	close(fd);
}

static void names(void)
{
	char buf[20];
	int fd;

	t_check(link("f", "g") == 0 && stat("g", &st) == 0 && st.st_nlink == 2);
	t_check(symlink("g", "s") == 0 && readlink("s", buf, 20) == 1 && buf[0] == 'g');
	t_check(lstat("s", &st) == 0 && S_ISLNK(st.st_mode) && stat("s", &st) == 0);
	t_check(symlink("loop", "loop") == 0 && open("loop", O_RDONLY) == -1 && errno == ELOOP);
	t_check(rename("copy", "g") == 0 && stat("f", &st) == 0 && st.st_nlink == 1);
	t_check(renameat2(AT_FDCWD, "f", AT_FDCWD, "g", RENAME_NOREPLACE) == -1 && errno == EEXIST);
	t_check(renameat2(AT_FDCWD, "f", AT_FDCWD, "g", RENAME_EXCHANGE) == 0);
	t_check(stat("f", &st) == 0 && (st.st_mode & 07777) == 0600);

	t_check(mkdir("d", 0755) == 0 && mkdir("d/e", 0700) == 0);
	t_check(rmdir("d") == -1 && errno == ENOTEMPTY);
	t_check(rename("d", "d/e/x") == -1 && errno == EINVAL);
	t_check(rename("g", "d/e/g") == 0 && access("d/e/g", R_OK) == 0);
	t_check(mkfifo("fifo", 0600) == 0 && lstat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	fd = open("fifo", O_RDWR | O_NONBLOCK);
	t_check(write(fd, "x", 1) == 1 && read(fd, buf, 20) == 1);
	close(fd);

	fd = open("d/e/g", O_RDONLY);
	t_check(unlink("d/e/g") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0);
	t_check(read(fd, buf, 5) == 5 && memcmp(buf, "hello", 5) == 0);
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	t_check(fd >= 0 && write(fd, "tmp", 3) == 3);
	snprintf(buf, sizeof buf, "/proc/self/fd/%d", fd);
	t_check(linkat(AT_FDCWD, buf, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW) == 0);
	t_check(stat("linked", &st) == 0 && st.st_size == 3);
	close(fd);
}

static void attributes(void)
{
	struct timespec t[2] = { { 1000000000, 1 }, { 5000000000, 999999999 } };
	struct statvfs v;
	char buf[20];

	t_check(chmod("f", 04751) == 0 && stat("f", &st) == 0 && (st.st_mode & 07777) == 04751);
	t_check(utimensat(AT_FDCWD, "f", t, 0) == 0 && stat("f", &st) == 0);
	t_check(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 1);
	t_check(st.st_mtim.tv_sec == 5000000000 && st.st_mtim.tv_nsec == 999999999);
	t_check(setxattr("f", "user.name", "value", 5, 0) == 0 || errno == EOPNOTSUPP);
	t_check(getxattr("f", "user.none", buf, 20) == -1);
	t_check(statvfs(".", &v) == 0 && v.f_namemax == 255 && v.f_blocks > v.f_bfree);
}

static void directories(void)
{
	enum { N = 500 };
	static char seen[N];
	struct dirent *e;
	char name[20];
	int i, n = 0, fd;
	DIR *d;

	t_check(mkdir("many", 0700) == 0 && chdir("many") == 0);
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof name, "file-%d", i);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		t_check(fd >= 0 && close(fd) == 0);
	}
	d = opendir(".");
	while ((e = readdir(d)) != NULL)
		if (sscanf(e->d_name, "file-%d", &i) == 1) {
			t_check(!seen[i]++ && e->d_type == DT_REG);
			t_check(unlink(e->d_name) == 0);
			n++;
		}
	t_check(n == N);
	closedir(d);
	t_check(chdir("..") == 0 && rmdir("many") == 0);
}

static void locks(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5 };
	int a = open("f", O_RDWR), b = open("f", O_RDWR);

	t_check(flock(a, LOCK_EX) == 0 && flock(b, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
	t_check(flock(a, LOCK_UN) == 0 && flock(b, LOCK_SH) == 0);
	t_check(fcntl(a, F_OFD_SETLK, &l) == 0 && fcntl(b, F_OFD_SETLK, &l) == -1 && errno == EAGAIN);
	l.l_start = 15;
	t_check(fcntl(b, F_OFD_SETLK, &l) == 0);
	close(a);
	l.l_start = 10;
	t_check(fcntl(b, F_OFD_SETLK, &l) == 0);
	close(b);
}

int main(void)
{
	char dir[] = "/tmp/tmpfs-XXXXXX";

	t_check(mkdtemp(dir) && chdir(dir) == 0);
	umask(022);
	contents();
	names();
	attributes();
	directories();
	locks();
	unlink("f");
	unlink("s");
	unlink("loop");
	unlink("fifo");
	unlink("linked");
	t_check(rmdir("d/e") == 0 && rmdir("d") == 0);
	t_check(chdir("/") == 0 && rmdir(dir) == 0);
	return t_status;
}
