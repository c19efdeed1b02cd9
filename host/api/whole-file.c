/* SPDX-License-Identifier: MIT */
/* A file that has its name when it is whole. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/whole-file.h"
#include "core/stats.h"

#define TRIES 1000

/* A file without a name, so that nothing is left of us if we are killed. */
static int open_nameless(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash - path + 1) : strdup(".");
	int fd = dir ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;

	free(dir);
	return fd;
}

static int link_to(int fd, const char *name)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* In the place of what is there: by way of a name that nobody has. */
static int replace(int fd, const char *path, char *temporary)
{
	char *tail = temporary + strlen(temporary) - 6;
	int i, r = -1;

	for (i = 0; r && i < TRIES; i++) {
		snprintf(tail, 7, "%06x", (unsigned int)(stats_now() + i) & 0xffffff);
		r = link_to(fd, temporary);
		if (r && errno != EEXIST)
			break;
	}
	if (r)
		return -errno;
	if (!rename(temporary, path))
		return 0;
	r = -errno;
	unlink(temporary);
	return r;
}

static int give_name(int fd, const char *path, char *temporary)
{
	if (!link_to(fd, path))
		return 0;
	return errno == EEXIST ? replace(fd, path, temporary) : -errno;
}

int whole_file(const char *path, int (*fill)(void *arg, int fd), void *arg)
{
	bool named = false;
	char *temporary;
	int r, fd;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = open_nameless(path);
	if (fd < 0) {
		/* not every file system has such */
		fd = mkostemp(temporary, O_CLOEXEC);
		named = fd >= 0;
	}
	if (fd < 0) {
		r = -errno;
		goto out;
	}
	r = fill(arg, fd);
	if (!r && !named)
		r = give_name(fd, path, temporary);
	else if (!r && rename(temporary, path))
		r = -errno;
	if (r && named)
		unlink(temporary);
	close(fd);
out:
	free(temporary);
	return r;
}
