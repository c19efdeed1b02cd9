/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci/oci.h"

/* No link, and no "..", leads out of root. */
static int open_in(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, root, path, &how, sizeof(how));
}

int rootfs_open(int root, const char *path)
{
	return open_in(root, path, O_PATH);
}

static int make(int parent, const char *name, bool directory)
{
	int fd;

	if (directory)
		return mkdirat(parent, name, 0755) && errno != EEXIST ? -1 : 0;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	close(fd);
	return 0;
}

bool rootfs_point(int root, const char *path, bool directory)
{
	char *copy = xstrdup(path), *slash, *name;
	int fd = rootfs_open(root, path), parent = -1;
	struct stat st;
	bool done = false;

	if (fd >= 0) {
		done = !fstat(fd, &st) && !S_ISDIR(st.st_mode) == !directory;
		errno = directory ? ENOTDIR : EISDIR;
		close(fd);
		goto out;
	}
	for (slash = copy + strlen(copy); slash > copy && slash[-1] == '/'; *--slash = 0)
		;
	slash = strrchr(copy, '/');
	name = slash ? slash + 1 : copy;
	if (errno != ENOENT || !*name || !strcmp(name, "..") || !strcmp(name, "."))
		goto out;
	if (slash)
		*slash = 0;
	if (!rootfs_point(root, slash && *copy ? copy : "/", true))
		goto out;
	parent = open_in(root, slash && *copy ? copy : "/", O_RDONLY | O_DIRECTORY);
	done = parent >= 0 && !make(parent, name, directory);
out:
	if (parent >= 0)
		close(parent);
	free(copy);
	return done;
}

static bool is_executable(int root, const char *path)
{
	int fd = rootfs_open(root, path);
	struct stat st;
	bool yes = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_mode & 0111;

	if (fd >= 0)
		close(fd);
	return yes;
}

char *rootfs_find(int root, const char *name, char *const *env)
{
	const char *path = "/usr/local/bin:/usr/bin:/bin";
	char *file;
	size_t n;

	for (; *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			path = *env + 5;
	for (;; path += n + 1) {
		n = strcspn(path, ":");
		file = xasprintf("%.*s/%s", (int)n, path, name);
		if (*file == '/' && is_executable(root, file))
			return file;
		free(file);
		if (!path[n])
			return NULL;
	}
}
