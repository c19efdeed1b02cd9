/* SPDX-License-Identifier: MIT */
/* For tests that want root: in namespaces of their own, so that anybody can. */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "cannot write \"%s\" to %s\n", text, path);
	close(fd);
}

static inline void be_root(int flags)
{
	unsigned int uid = geteuid(), gid = getegid();
	char line[40];

	if (unshare(flags | (uid ? CLONE_NEWUSER : 0))) {
		perror("unshare");
		exit(1);
	}
	if (!uid)
		return;
	write_file("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1", uid);
	write_file("/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "0 %u 1", gid);
	write_file("/proc/self/gid_map", line);
}

/* What only the guest's real root can do. */
static inline void want_root(void)
{
	if (geteuid()) {
		puts("only root can do that");
		exit(77);
	}
}

#endif
