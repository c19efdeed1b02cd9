/* SPDX-License-Identifier: MIT */
/* Names in host directories: odd ones, many, links, moved and removed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

#define MANY 12000

static char buf[PATH_MAX];
static struct stat st;

static void touch(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		t_error("%s: errno %d\n", name, errno);
	close(fd);
}

static void odd(void)
{
	static const char *const names[] = {
		" ", "a b", "line\nfeed", "\xff\xfe", "caf\xc3\xa9", "-", "...", "a\\b", "*", "\x01",
	};
	unsigned int i, found = 0;
	char name[257];
	struct dirent *e;
	DIR *d;

	t_check(mkdir("odd", 0700) == 0 && chdir("odd") == 0);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		touch(names[i]);
	memset(name, 'n', 256);
	name[255] = 0;
	touch(name);
	d = opendir(".");
	while ((e = readdir(d))) {
		for (i = 0; i < sizeof(names) / sizeof(*names); i++)
			found += !strcmp(e->d_name, names[i]);
		found += !strcmp(e->d_name, name);
		if (stat(e->d_name, &st) || st.st_ino != e->d_ino)
			if (strcmp(e->d_name, ".."))
				t_error("%s: %llu, %llu\n", e->d_name, (long long)st.st_ino, (long long)e->d_ino);
	}
	closedir(d);
	if (found != i + 1)
		t_error("%u of %u names found\n", found, i + 1);
	name[255] = 'n';
	name[256] = 0;
	t_check(open(name, O_WRONLY | O_CREAT, 0600) == -1 && errno == ENAMETOOLONG);
	t_check(stat(name, &st) == -1 && errno == ENAMETOOLONG);
	t_check(chdir("..") == 0);
}

static void links(void)
{
	touch("target");
	t_check(symlink("target", "l1") == 0 && symlink("l1", "l2") == 0);
	t_check(readlink("l2", buf, sizeof(buf)) == 2 && !memcmp(buf, "l1", 2));
	t_check(lstat("l2", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 2);
	t_check(stat("l2", &st) == 0 && S_ISREG(st.st_mode));
	t_check(readlink("l2", buf, 1) == 1);
	t_check(readlink("target", buf, sizeof(buf)) == -1 && errno == EINVAL);
	t_check(symlink("loop2", "loop1") == 0 && symlink("loop1", "loop2") == 0);
	t_check(open("loop1", O_RDONLY) == -1 && errno == ELOOP);
	t_check(open("l1", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
	t_check(symlink("none", "dangling") == 0);
	t_check(open("dangling", O_RDONLY) == -1 && errno == ENOENT);
	/* the guest follows it, inside its own tree */
	touch("dangling2");
	t_check(unlink("dangling2") == 0);
	t_check(close(open("dangling", O_WRONLY | O_CREAT, 0600)) == 0);
	t_check(stat("none", &st) == 0);
	t_check(mkdir("dir", 0700) == 0 && symlink("dir", "ldir") == 0);
	touch("ldir/in");
	t_check(stat("dir/in", &st) == 0);
	t_check(stat("dir/../ldir/../ldir/in", &st) == 0);
	t_check(rmdir("ldir") == -1 && errno == ENOTDIR);
	t_check(symlink("/proc/self", "abs") == 0 && stat("abs/stat", &st) == 0);
	t_check(unlink("l2") == 0 && lstat("l1", &st) == 0);
}

static void moves(void)
{
	t_check(mkdir("a", 0700) == 0 && mkdir("b", 0700) == 0);
	touch("a/f");
	t_check(mkdir("a", 0700) == -1 && errno == EEXIST);
	t_check(rename("a/f", "b/g") == 0 && stat("b/g", &st) == 0 && stat("a/f", &st) == -1);
	t_check(rename("a", "b") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	t_check(rename("b", "b/c") == -1 && errno == EINVAL);
	t_check(rename("b", "c") == 0 && stat("c/g", &st) == 0);
	touch("x");
	t_check(renameat2(AT_FDCWD, "x", AT_FDCWD, "c/g", RENAME_NOREPLACE) == -1 && errno == EEXIST);
	t_check(renameat2(AT_FDCWD, "x", AT_FDCWD, "c", RENAME_EXCHANGE) == 0);
	t_check(stat("c", &st) == 0 && S_ISREG(st.st_mode) && stat("x/g", &st) == 0);
	t_check(rmdir("x") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	t_check(unlink("x/g") == 0 && rmdir("x") == 0 && stat("x", &st) == -1 && errno == ENOENT);
	t_check(unlink("a") == -1 && errno == EISDIR);
	t_check(rmdir("c") == -1 && errno == ENOTDIR);
	t_check(stat("c/x", &st) == -1 && errno == ENOTDIR);
	t_check(unlink("nowhere/x") == -1 && errno == ENOENT);
	t_check(rename("/proc/version", "v") == -1 && errno == EXDEV);
	/* the current directory is moved, and removed */
	t_check(mkdir("here", 0700) == 0 && chdir("here") == 0);
	t_check(rename("../here", "../there") == 0);
	touch("f");
	t_check(stat("../there/f", &st) == 0 && unlink("f") == 0);
	t_check(getcwd(buf, sizeof(buf)) && strstr(buf, "/there"));
	t_check(rmdir("../there") == 0);
	t_check(open("f", O_WRONLY | O_CREAT, 0600) == -1 && errno == ENOENT);
	t_check(getcwd(buf, sizeof(buf)) == NULL && errno == ENOENT);
}

static void many(void)
{
	static unsigned char seen[MANY];
	struct dirent *e;
	int i, n = 0, fd;
	long pos = 0;
	char name[256];
	DIR *d;

	t_check(mkdir("many", 0700) == 0);
	fd = open("many", O_RDONLY | O_DIRECTORY);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "file number %d", i);
		if (close(openat(fd, name, O_WRONLY | O_CREAT, 0600)))
			t_error("%s: errno %d\n", name, errno);
	}
	t_check(fsync(fd) == 0);
	d = fdopendir(fd);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.') {
			t_check(e->d_type == DT_DIR);
			continue;
		}
		t_check(e->d_type == DT_REG);
		i = atoi(e->d_name + strlen("file number "));
		if (seen[i]++)
			t_error("%s again\n", e->d_name);
		if (++n == MANY / 2) {
			pos = telldir(d);
			strcpy(buf, "");
		} else if (n == MANY / 2 + 1) {
			strcpy(buf, e->d_name);
		}
	}
	if (n != MANY)
		t_error("%d of %d files\n", n, MANY);
	seekdir(d, pos);
	e = readdir(d);
	t_check(e && !strcmp(e->d_name, buf));
	/* all go while we read */
	rewinddir(d);
	for (n = 0; (e = readdir(d));)
		if (e->d_name[0] != '.')
			n += !unlinkat(fd, e->d_name, 0);
	if (n != MANY)
		t_error("%d of %d files unlinked\n", n, MANY);
	closedir(d);
	t_check(rmdir("many") == 0);
}

int main(void)
{
	odd();
	links();
	many();
	moves();
	return t_status;
}
