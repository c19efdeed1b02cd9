/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "process/landlock.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#define NET_VERSION	4
#define SCOPE_VERSION	6

/* struct landlock_ruleset_attr of version 6 */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* All accesses to files that version n of the interface knows. */
static const uint64_t known[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };

/* of what is no directory */
#define FILE_ACCESS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
		     LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE | FS_IOCTL_DEV)

int landlock_version(void)
{
	int version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			      LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? 0 : version;
}

struct landlock_rules landlock_rules(uint64_t fs, uint64_t net, uint64_t scoped)
{
	int version = landlock_version();
	struct landlock_rules l = { .fd = -1 };
	struct ruleset r = { 0 };

	if (version < 1)
		return l;
	l.fs = known[version < (int)COUNT(known) ? version : (int)COUNT(known) - 1] & ~fs;
	r.fs = l.fs;
	if (version >= NET_VERSION)
		r.net = net;
	if (version >= SCOPE_VERSION)
		r.scoped = scoped;
	l.fd = syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	return l;
}

void landlock_allow_fd(const struct landlock_rules *l, int fd, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access & l->fs, .parent_fd = fd,
	};
	struct stat st;

	if (fstat(fd, &st) || !S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_ACCESS;
	/* it may not work; what is not allowed will be said by who needs it */
	syscall(SYS_landlock_add_rule, l->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

bool landlock_allow(const struct landlock_rules *l, const char *path, uint64_t access)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return false;
	landlock_allow_fd(l, fd, access);
	close(fd);
	return true;
}

bool landlock_enter(int fd)
{
	return !syscall(SYS_landlock_restrict_self, fd, 0);
}
