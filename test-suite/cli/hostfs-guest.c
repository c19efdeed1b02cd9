/* SPDX-License-Identifier: MIT */
/* The guest's part of the test hostfs: what to do is the first argument. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../guest/test.h"

static char buf[100];
static struct stat st;

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	t_check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void want(int fd, const char *text)
{
	memset(buf, 0, sizeof(buf));
	if (pread(fd, buf, sizeof(buf) - 1, 0) < 0 || strcmp(buf, text))
		t_error("want \"%s\", got \"%s\", errno %d\n", text, buf, errno);
}

static void show(const char *name)
{
	int fd = open(name, O_RDONLY);

	memset(buf, 0, sizeof(buf));
	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) < 0)
		printf("%s: %s\n", name, strerror(errno));
	else
		fputs(buf, stdout);
	close(fd);
}

/* a and b are the same directory of the host, which this kernel cannot know. */
static void two_views(void)
{
	int a, b, old;

	put("/a/f", "one");
	a = open("/a/f", O_RDWR);
	want(a, "one");
	put("/b/f", "two");
	t_check(fstat(a, &st) == 0 && st.st_size == 3);
	want(a, "two");
	put("/b/f", "longer");
	want(a, "longer");
	put("/b/f", "2");
	t_check(fstat(a, &st) == 0 && st.st_size == 1);
	want(a, "2");

	/* tail -f */
	t_check(lseek(a, 0, SEEK_END) == 1 && read(a, buf, 9) == 0);
	b = open("/b/f", O_WRONLY | O_APPEND);
	t_check(write(b, "more", 4) == 4 && read(a, buf, 9) == 4);
	/* a log that two write */
	close(a);
	a = open("/a/f", O_RDWR | O_APPEND);
	t_check(write(a, "3", 1) == 1 && write(b, "4", 1) == 1 && write(a, "5", 1) == 1);
	want(a, "2more345");
	close(b);

	/* another file takes the name */
	old = a;
	put("/b/g", "new file");
	t_check(rename("/b/g", "/b/f") == 0);
	want(old, "2more345");
	a = open("/a/f", O_RDONLY);
	want(a, "new file");
	t_check(fstat(old, &st) == 0 && st.st_nlink == 0);
	t_check(unlink("/b/f") == 0 && open("/a/f", O_RDONLY) == -1 && errno == ENOENT);
	want(a, "new file");
	put("/b/f", "again");
	show("/a/f");
	t_check(chmod("/b/f", 0600) == 0 && stat("/a/f", &st) == 0 && (st.st_mode & 0777) == 0600);

	t_check(mkdir("/b/d", 0700) == 0 && chdir("/a/d") == 0 && rename("/b/d", "/b/e") == 0);
	t_check(stat("/a/d", &st) == -1 && errno == ENOENT && stat("/a/e", &st) == 0);
	t_check(rmdir("/b/e") == 0);
}

/* What is kept of a file that was closed, and of a directory. */
static void closed(void)
{
	char text[8];
	int i, fd;

	/* the same size, within one tick of any clock */
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "%03d", i);
		put("/b/c", text);
		fd = open("/a/c", O_RDONLY);
		want(fd, text);
		close(fd);
	}
	put("/b/g", "abc");
	t_check(rename("/b/g", "/b/c") == 0);
	fd = open("/a/c", O_RDONLY);
	want(fd, "abc");
	close(fd);
	/* open for reading, then for both */
	fd = open("/a/c", O_RDWR);
	t_check(write(fd, "ABC", 3) == 3 && close(fd) == 0);
	fd = open("/b/c", O_RDONLY);
	want(fd, "ABC");
	close(fd);
	t_check(mknod("/a/n", S_IFREG | 0644, 0) == 0);
	fd = open("/a/n", O_RDONLY);
	t_check(fd >= 0 && write(fd, "x", 1) == -1 && errno == EBADF);
	close(fd);
	t_check(unlink("/b/n") == 0 && unlink("/a/n") == -1 && errno == ENOENT);
	t_check(unlink("/b/c") == 0);
}

/* A directory that is read in small pieces, and from the start again. */
static void list(void)
{
	char name[32];
	DIR *d;
	int i, n;

	t_check(mkdir("list", 0700) == 0);
	for (i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "list/%d", i);
		t_check(mknod(name, S_IFREG | 0600, 0) == 0);
	}
	d = opendir("list");
	for (n = 0; n < 700 && readdir(d); n++)
		;
	rewinddir(d);
	for (n = 0; readdir(d); n++)
		;
	t_check(n == 2002);
	for (i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "list/%d", i);
		t_check(unlink(name) == 0);
	}
	rewinddir(d);
	for (n = 0; readdir(d); n++)
		;
	t_check(n == 2);
	closedir(d);
	t_check(rmdir("list") == 0);
}

/*
 * Does what the lines of its input say, and answers each by one, so that the
 * host knows when.  "use" makes a path one that is used often.
 */
static void serve(void)
{
	char line[300], *path;
	int i;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		path = strchr(line, ' ') + 1;
		if (!strncmp(line, "use", 3)) {
			for (i = 0; i < 30; i++) {
				stat(path, &st);
				if (i % 5 == 0)
					close(open(path, O_RDONLY));
			}
			puts("used");
		} else if (!strncmp(line, "show", 4)) {
			show(path);
		} else if (!strncmp(line, "stat", 4)) {
			if (stat(path, &st))
				puts(strerror(errno));
			else
				printf("%llu %o %d\n", (unsigned long long)st.st_ino,
				       st.st_mode & 07777, (int)st.st_size);
		} else if (!strncmp(line, "put", 3)) {
			put(path, "text\n");
			puts("done");
		} else if (!strncmp(line, "copy", 4)) {
			char to[300];
			int in, out;
			ssize_t n;

			snprintf(to, sizeof(to), "%s.copy", path);
			in = open(path, O_RDONLY);
			out = open(to, O_WRONLY | O_CREAT, 0755);
			while ((n = read(in, line, sizeof(line))) > 0)
				t_check(write(out, line, n) == n);
			close(in);
			close(out);
			puts("copied");
		} else if (!strncmp(line, "many", 4)) {
			for (i = 0; i < 300; i++) {
				snprintf(buf, sizeof(buf), "%s%d", path, i);
				put(buf, "text");
				t_check(close(open(buf, O_RDONLY)) == 0);
			}
			puts("many");
		}
		fflush(stdout);
	}
}

static void read_only(void)
{
	int fd = open("f", O_RDONLY);

	t_check(fd >= 0);
	t_check(open("f", O_WRONLY) == -1 && errno == EROFS);
	t_check(open("new", O_WRONLY | O_CREAT, 0600) == -1 && errno == EROFS);
	t_check(unlink("f") == -1 && errno == EROFS);
	t_check(fchmod(fd, 0777) == -1 && errno == EROFS);
	t_check(rename("f", "g") == -1 && errno == EROFS);
	t_check(truncate("f", 0) == -1 && errno == EROFS);
}

static void many(void)
{
	char name[16];
	int i, fd, n = 0;

	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 && errno != ENFILE)
			t_error("%s: errno %d\n", name, errno);
		n += fd >= 0;
	}
	if (n < 8 || n == 200)
		t_error("%d files open\n", n);
	for (i = 3; i < 3 + n; i++)
		close(i);
	t_check(close(open("f", O_RDONLY)) == 0);
}

/* More than there is memory, and every page of it changed. */
#define SIZE (96 << 20)

static void more_than_memory(void)
{
	static unsigned int words[16384];
	int fd = open("m", O_RDWR | O_CREAT, 0600);
	unsigned int *p, i, bad = 0;

	t_check(ftruncate(fd, SIZE) == 0);
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	t_check(p != MAP_FAILED);
	for (i = 0; i < SIZE / 4; i += 1024)
		p[i] = ~i;
	for (i = 0; i < SIZE / 4; i += 1024)
		bad += p[i] != ~i;
	t_check(munmap(p, SIZE) == 0);
	for (i = 0; i < SIZE / 4; i += 1024) {
		if (i % 16384 == 0)
			t_check(read(fd, words, 65536) == 65536);
		bad += words[i % 16384] != ~i;
	}
	if (bad)
		t_error("%u pages differ\n", bad);
	t_check(unlink("m") == 0);
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "two_views"))
		two_views();
	else if (!strcmp(argv[1], "closed"))
		closed();
	else if (!strcmp(argv[1], "list"))
		list();
	else if (!strcmp(argv[1], "serve"))
		serve();
	else if (!strcmp(argv[1], "read_only"))
		read_only();
	else if (!strcmp(argv[1], "many"))
		many();
	else if (!strcmp(argv[1], "more_than_memory"))
		more_than_memory();
	else if (!strcmp(argv[1], "show"))
		show(argv[2]);
	else if (!strcmp(argv[1], "put"))
		put(argv[2], argv[3]);
	return t_status;
}
