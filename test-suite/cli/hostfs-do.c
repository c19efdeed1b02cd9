/* SPDX-License-Identifier: MIT */
/*
 * The guest's part of the tests hostfs-own and hostfs-kernel: each line of its
 * input is an errno's name or OK, what to do, and to which files.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int opened(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int write_at_start(const char *name)
{
	int fd = open(name, O_WRONLY), r;

	if (fd < 0)
		return -1;
	r = pwrite(fd, "x", 1, 0) == 1 ? fsync(fd) : -1;
	close(fd);
	return r;
}

static int list(const char *dir, const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int found = -1;

	if (!d)
		return -1;
	errno = ENOENT;
	while ((e = readdir(d)))
		if (!strcmp(e->d_name, name))
			found = 0;
	closedir(d);
	return found;
}

static int mode_of_file(const char *name, const char *mode)
{
	struct stat st;

	if (stat(name, &st))
		return -1;
	errno = EDOM;
	return (st.st_mode & 07777) == strtoul(mode, NULL, 8) ? 0 : -1;
}

static int bind_mount(const char *from, const char *to)
{
	mkdir(to, 0700);
	return mount(from, to, NULL, MS_BIND, NULL);
}

static int with_fchmod(const char *name, unsigned int mode)
{
	int fd = open(name, O_RDWR), r = fchmod(fd, mode);

	close(fd);
	return r;
}

static int rename_with(const char *a, const char *b, unsigned int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

static int run(const char *what, const char *a, const char *b)
{
	unsigned int mode = strtoul(b, NULL, 8);
	struct stat st;

#define IS(s) !strcmp(what, s)
	if (IS("stat"))
		return lstat(a, &st);
	if (IS("mode"))
		return mode_of_file(a, b);
	if (IS("list"))
		return list(a, b);
	if (IS("read"))
		return opened(open(a, O_RDONLY));
	if (IS("write"))
		return write_at_start(a);
	/* of what must not be written, should it succeed */
	if (IS("open"))
		return opened(open(a, O_WRONLY));
	if (IS("create"))
		return opened(open(a, O_RDWR | O_CREAT, *b ? mode : 0600));
	if (IS("truncate"))
		return truncate(a, 0);
	if (IS("unlink"))
		return unlink(a);
	if (IS("rmdir"))
		return rmdir(a);
	if (IS("mkdir"))
		return mkdir(a, 0700);
	if (IS("symlink"))
		return symlink(b, a);
	if (IS("link"))
		return link(a, b);
	if (IS("rename"))
		return rename(a, b);
	if (IS("exchange"))
		return rename_with(a, b, 2);
	if (IS("chmod"))
		return chmod(a, mode);
	if (IS("fchmod"))
		return with_fchmod(a, mode);
	if (IS("mknod"))
		return mknod(a, mode, 0x103);
	if (IS("bind"))
		return bind_mount(a, b);
	errno = ENOSYS;
	return -1;
}

static const char *name_of(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ 0, "OK" }, { ENOENT, "ENOENT" }, { EPERM, "EPERM" }, { EBUSY, "EBUSY" },
		{ EACCES, "EACCES" }, { EEXIST, "EEXIST" }, { EXDEV, "EXDEV" },
		{ EROFS, "EROFS" }, { ENXIO, "ENXIO" }, { ENOTDIR, "ENOTDIR" },
		{ EISDIR, "EISDIR" }, { ENOTEMPTY, "ENOTEMPTY" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].err == err)
			return names[i].name;
	return strerror(err);
}

int main(void)
{
	char line[1000], want[20], what[20], a[400], b[400];
	const char *got;

	while (fgets(line, sizeof(line), stdin)) {
		*b = *a = 0;
		if (sscanf(line, "%19s %19s %399s %399s", want, what, a, b) < 2)
			continue;
		got = name_of(run(what, a, b) ? errno : 0);
		/* several may be right, as EPERM,OK */
		if (!strstr(want, got))
			printf("%s %s %s: %s, not %s\n", what, a, b, got, want);
	}
	return 0;
}
