/* SPDX-License-Identifier: MIT */
/*
 * Landlock (landlock(7), linux/landlock.h): which files a thread, and what it
 * starts from then on, can still open.
 */
#ifndef MUSLIN_LANDLOCK_H
#define MUSLIN_LANDLOCK_H

#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>

/* What headers of Linux 6.1 have no names for. */
#define FS_REFER	(1ull << 13)	/* since version 2: rename to another directory */
#define FS_TRUNCATE	(1ull << 14)	/* 3 */
#define FS_IOCTL_DEV	(1ull << 15)	/* 5 */
#define NET_TCP		3ull		/* 4: bind and connect */
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0)	/* 6 */
#define SCOPE_SIGNAL	(1ull << 1)	/* 6 */

struct landlock_rules {
	int fd;			/* -1: the kernel has none */
	uint64_t fs;		/* the accesses to files that it knows */
};

/* The version of the kernel's; 0: none. */
int landlock_version(void);
/*
 * No access to files, but to what is allowed next, except those of fs; nor what
 * is in net and scoped.  As far as the kernel knows these.
 */
struct landlock_rules landlock_rules(uint64_t fs, uint64_t net, uint64_t scoped);
/*
 * To path, with all that is below if it is a directory.  False, and errno, if it
 * is not there.
 */
bool landlock_allow(const struct landlock_rules *l, const char *path, uint64_t access);
/* The same for what a descriptor is open on. */
void landlock_allow_fd(const struct landlock_rules *l, int fd, uint64_t access);
/* For good; only a system call.  False: it could not. */
bool landlock_enter(int fd);

#endif
