/* SPDX-License-Identifier: MIT */
/* A removed directory of the host's could not be opened by who stood in it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

/* What is in another directory that has got the name is not in this one. */
static void replace(void)
{
	t_check(mkdir("../gone", 0700) == 0);
	t_check(close(open("../gone/file", O_WRONLY | O_CREAT, 0600)) == 0);
}

static void no_entry(void)
{
	DIR *d = opendir(".");

	t_check(d);
	if (!d)
		return;
	errno = 0;
	t_check(!readdir(d) && errno == 0);
	closedir(d);
}

static void new_entries_are_refused(void)
{
	t_check(open("x", O_CREAT | O_WRONLY, 0600) == -1 && errno == ENOENT);
	t_check(mkdir("x", 0700) == -1 && errno == ENOENT);
	t_check(open("file", O_RDONLY) == -1 && errno == ENOENT);
}

static void attributes(void)
{
	struct stat st;
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	t_check(fd >= 0 && fsync(fd) == 0 && fchdir(fd) == 0);
	t_check(access(".", R_OK | W_OK | X_OK) == 0);
	t_check(chmod(".", 0750) == 0 && utimensat(AT_FDCWD, ".", NULL, 0) == 0);
	t_check(fstat(fd, &st) == 0 && st.st_nlink == 0 && (st.st_mode & 07777) == 0750);
	t_check(fchmod(fd, 0700) == 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0700);
	close(fd);
}

int main(void)
{
	int before;
	struct stat st;

	t_check(mkdir("gone", 0700) == 0 && chdir("gone") == 0);
	before = open(".", O_RDONLY | O_DIRECTORY);
	t_check(rmdir("../gone") == 0);
	no_entry();
	attributes();
	replace();
	no_entry();
	new_entries_are_refused();
	attributes();
	t_check(fstat(before, &st) == 0 && st.st_nlink == 0);
	close(before);

	t_check(chdir("..") == 0 && stat("gone", &st) == 0 && (st.st_mode & 07777) == 0700);
	t_check(unlink("gone/file") == 0 && rmdir("gone") == 0);
	return t_status;
}
