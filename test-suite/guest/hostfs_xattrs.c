/* SPDX-License-Identifier: MIT */
/* Files of the host had no extended attributes: a copy lost them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "test.h"

static char buf[65537], names[1000];

static int has(const char *list, ssize_t n, const char *name)
{
	const char *p;

	for (p = list; p < list + n; p += strlen(p) + 1)
		if (!strcmp(p, name))
			return 1;
	return 0;
}

static void attributes(const char *path)
{
	ssize_t n;

	t_check(!setxattr(path, "user.a", "value", 5, XATTR_CREATE));
	t_check(setxattr(path, "user.a", "value", 5, XATTR_CREATE) == -1 && errno == EEXIST);
	t_check(setxattr(path, "user.b", "value", 5, XATTR_REPLACE) == -1 && errno == ENODATA);
	t_check(!setxattr(path, "user.empty", "", 0, 0));
	t_check(getxattr(path, "user.a", NULL, 0) == 5);
	t_check(getxattr(path, "user.a", buf, 4) == -1 && errno == ERANGE);
	t_check(getxattr(path, "user.a", buf, 100) == 5 && !memcmp(buf, "value", 5));
	t_check(getxattr(path, "user.empty", buf, 100) == 0);
	t_check(getxattr(path, "user.none", buf, 100) == -1 && errno == ENODATA);
	n = listxattr(path, names, sizeof(names));
	t_check(n == 18 && has(names, n, "user.a") && has(names, n, "user.empty"));
	t_check(listxattr(path, NULL, 0) == n);
	t_check(listxattr(path, names, 3) == -1 && errno == ERANGE);
	t_check(!removexattr(path, "user.empty"));
	t_check(removexattr(path, "user.empty") == -1 && errno == ENODATA);
	/* what Muslin believes, and what is a right */
	t_check(setxattr(path, "user.muslin.owner", "0:0", 3, 0) == -1 && errno == EPERM);
	t_check(getxattr(path, "user.muslin.owner", buf, 100) == -1 && errno == ENODATA);
	t_check(setxattr(path, "trusted.overlay.opaque", "y", 1, 0) == -1);
	t_check(setxattr(path, "security.capability", "y", 1, 0) == -1);
	t_check(setxattr(path, "user.big", buf, sizeof(buf), 0) == -1 && errno == E2BIG);
}

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);

	t_check(fd >= 0 && !mkdir("dir", 0755) && !symlink("file", "link"));
	if (setxattr("file", "user.test", "1", 1, 0) && errno == EOPNOTSUPP)
		return printf("the host's file system has no attributes\n"), 77;
	t_check(!fremovexattr(fd, "user.test"));
	attributes("file");
	attributes("dir");
	t_check(fgetxattr(fd, "user.a", buf, 100) == 5);
	t_check(lsetxattr("link", "user.a", "1", 1, 0) == -1 && errno == EPERM);
	t_check(!rename("file", "moved") && getxattr("moved", "user.a", buf, 100) == 5);
	t_check(mknod("whiteout", S_IFCHR | 0600, 0) == -1 && errno == EPERM);
	return t_status;
}
