/* SPDX-License-Identifier: MIT */
/*
 * The guest's part of the tests hostfs-owner and hostfs-owner-kept: root that
 * becomes 1234.  Where owners are kept in attributes, special files have none:
 * they are of the user who is the argument.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "../guest/test.h"

static struct stat st;

static void want(const char *name, unsigned uid, unsigned gid)
{
	if (lstat(name, &st))
		t_error("%s: errno %d\n", name, errno);
	else if (st.st_uid != uid || st.st_gid != gid)
		t_error("%s: %u:%u, not %u:%u\n", name, st.st_uid, st.st_gid, uid, gid);
}

static int all_kept = 1;

static void make_special(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" };

	t_check(symlink("file", "link") == 0);
	t_check(mkfifo("fifo", 0600) == 0);
	t_check(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof(a)) == 0);
	if (all_kept)
		t_check(chmod("fifo", 0644) == 0);
}

static void make_all(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0444);

	t_check(fd >= 0 && write(fd, "x", 1) == 1);
	t_check(fchmod(fd, 0600) == 0 && fchown(fd, 0, -1) == -1 && errno == EPERM);
	t_check(futimens(fd, (struct timespec[2]){ { 1, 0 }, { 1, 0 } }) == 0);
	close(fd);
	t_check(mkdir("dir", 0700) == 0 && chmod("dir", 0755) == 0);
	t_check(close(open("dir/below", O_WRONLY | O_CREAT, 0666)) == 0);
	t_check(mknod("plain", S_IFREG | 0600, 0) == 0 && chmod("plain", 0640) == 0);
}

static void look(unsigned special)
{
	static const char *const names[] = {
		"file", "dir", "dir/below", "plain", "link", "fifo", "sock",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (i < 4 || special == 1234)
			want(names[i], 1234, 5678);
		else
			t_check(lstat(names[i], &st) == 0 && st.st_uid == special);
	want("group", 0, 77);
	want("group/file", 1234, 5678);
	want("sgid/file", 1234, 55);
	want("sgid/dir", 1234, 55);
	t_check(st.st_mode & S_ISGID);
}

int main(int argc, char **argv)
{
	unsigned special = argc > 1 ? atoi(argv[1]) : 1234;
	gid_t group = 77;

	if (argc > 2) {
		look(special);
		/* root's again, and somebody else's */
		t_check(chown("file", special, special) == 0);
		want("file", special, special);
		t_check(chown("dir", 7, -1) == 0);
		want("dir", 7, 5678);
		return t_status;
	}
	all_kept = special == 1234;
	t_check(close(open("roots", O_WRONLY | O_CREAT, 0600)) == 0);
	t_check(mkdir("group", 0770) == 0 && chown("group", 0, 77) == 0 && chmod("group", 0770) == 0);
	t_check(mkdir("sgid", 0770) == 0 && chown("sgid", 0, 55) == 0 && chmod("sgid", 02777) == 0);
	t_check(mkdir("closed", 0755) == 0);
	umask(022);
	t_check(setgroups(1, &group) == 0 && setresgid(5678, 5678, 5678) == 0 &&
		setresuid(1234, 1234, 1234) == 0);

	make_all();
	make_special();
	/* a group of the process, which muslin is not in */
	t_check(close(open("group/file", O_WRONLY | O_CREAT, 0600)) == 0);
	t_check(close(open("sgid/file", O_WRONLY | O_CREAT, 0600)) == 0);
	t_check(mkdir("sgid/dir", 0700) == 0);
	look(special);
	/* what is others' stays so */
	t_check(open("roots", O_RDONLY) == -1 && errno == EACCES);
	t_check(chmod("roots", 0666) == -1 && errno == EPERM);
	t_check(open("closed/file", O_WRONLY | O_CREAT, 0600) == -1 && errno == EACCES);
	t_check(mkdir("closed/dir", 0700) == -1 && errno == EACCES);
	return t_status;
}
