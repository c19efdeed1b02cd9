// SPDX-License-Identifier: MIT
// fs/hostfs: no IN_DELETE_SELF and IN_IGNORED after unlink, rmdir and rename
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static char buf[4096] __attribute__((aligned(8)));
static int in;

static int watch(const char *name)
{
	int w = inotify_add_watch(in, name, IN_ALL_EVENTS & ~IN_ACCESS);

	if (w < 0)
		t_error("%s: errno %d\n", name, errno);
	return w;
}

/* All events of w, and no other watch's, are masks, 0 at the end. */
static void want(int w, const unsigned *masks)
{
	ssize_t n = read(in, buf, sizeof(buf)), at;
	struct inotify_event *e;

	for (at = 0; at < n; at += sizeof(*e) + e->len) {
		e = (struct inotify_event *)(buf + at);
		if (e->wd != w || e->mask != *masks)
			t_error("watch %d: want %#x, got %#x of %d\n", w, *masks, e->mask, e->wd);
		if (*masks)
			masks++;
	}
	if (*masks)
		t_error("watch %d: want %#x, got nothing\n", w, *masks);
}

static void make(const char *name)
{
	t_check(close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0600)) == 0);
}

int main(void)
{
	struct stat st;
	int w, fd;

	in = inotify_init1(IN_NONBLOCK);
	make("f");
	w = watch("f");
	t_check(unlink("f") == 0);
	want(w, (unsigned[]){ IN_ATTRIB, IN_DELETE_SELF, IN_IGNORED, 0 });

	t_check(mkdir("d", 0700) == 0);
	w = watch("d");
	t_check(rmdir("d") == 0);
	want(w, (unsigned[]){ IN_DELETE_SELF, IN_IGNORED, 0 });

	/* one of two names, then the other */
	make("f");
	t_check(link("f", "g") == 0);
	w = watch("g");
	t_check(unlink("f") == 0 && stat("g", &st) == 0 && st.st_nlink == 1);
	want(w, (unsigned[]){ IN_ATTRIB, 0 });
	/* which another file takes */
	make("h");
	t_check(rename("h", "g") == 0);
	want(w, (unsigned[]){ IN_ATTRIB, IN_DELETE_SELF, IN_IGNORED, 0 });
	t_check(stat("g", &st) == 0 && st.st_nlink == 1);

	/* while it is open it is there, without a name */
	fd = open("g", O_RDWR);
	w = watch("g");
	t_check(unlink("g") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0);
	want(w, (unsigned[]){ IN_ATTRIB, 0 });
	t_check(write(fd, "x", 1) == 1 && close(fd) == 0);
	want(w, (unsigned[]){ IN_MODIFY, IN_CLOSE_WRITE, IN_DELETE_SELF, IN_IGNORED, 0 });

	/* names that change places are no loss */
	make("a");
	make("b");
	t_check(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE) == 0);
	t_check(stat("a", &st) == 0 && st.st_nlink == 1);
	t_check(stat("b", &st) == 0 && st.st_nlink == 1);
	return t_status;
}
