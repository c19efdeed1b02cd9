/* SPDX-License-Identifier: MIT */
/* inotify, on tmpfs. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static int fd;

/* The next event is mask, of the file name. */
static void want(unsigned mask, const char *name)
{
	static char buf[4096] __attribute__((aligned(8)));
	static ssize_t n, at;
	struct inotify_event *e;

	if (at == n) {
		n = read(fd, buf, sizeof buf);
		at = 0;
		if (n <= 0) {
			n = 0;
			t_error("want %#x %s, got nothing\n", mask, name);
			return;
		}
	}
	e = (struct inotify_event *)(buf + at);
	at += sizeof *e + e->len;
	if (e->mask != mask || strcmp(e->len ? e->name : "", name))
		t_error("want %#x %s, got %#x %s\n", mask, name, e->mask,
			e->len ? e->name : "");
}

int main(void)
{
	char dir[] = "/tmp/inotify-XXXXXX";
	int file;

	fd = inotify_init1(IN_NONBLOCK);
	t_check(fd >= 0);
	t_check(mkdtemp(dir) != NULL && chdir(dir) == 0);
	t_check(inotify_add_watch(fd, dir, IN_ALL_EVENTS & ~(IN_ACCESS | IN_OPEN)) > 0);

	file = open("a", O_WRONLY | O_CREAT, 0600);
	t_check(write(file, "x", 1) == 1);
	close(file);
	want(IN_CREATE, "a");
	want(IN_MODIFY, "a");
	want(IN_CLOSE_WRITE, "a");
	t_check(rename("a", "b") == 0);
	want(IN_MOVED_FROM, "a");
	want(IN_MOVED_TO, "b");
	t_check(mkdir("d", 0700) == 0 && rmdir("d") == 0);
	want(IN_CREATE | IN_ISDIR, "d");
	want(IN_DELETE | IN_ISDIR, "d");
	t_check(chmod("b", 0644) == 0 && unlink("b") == 0);
	want(IN_ATTRIB, "b");
	want(IN_DELETE, "b");
	t_check(chdir("/") == 0 && rmdir(dir) == 0);
	want(IN_DELETE_SELF, "");
	want(IN_IGNORED, "");
	t_check(inotify_add_watch(fd, dir, IN_CREATE) == -1 && errno == ENOENT);
	return t_status;
}
