/* SPDX-License-Identifier: MIT */
/* Landlock: a program gives up what it does not need. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs =
		LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE };
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	int set;

	mkdir("in", 0755);
	close(open("in/file", O_CREAT | O_WRONLY, 0644));
	close(open("file", O_CREAT | O_WRONLY, 0644));
	t_check(syscall(SYS_landlock_create_ruleset, NULL, 0L, LANDLOCK_CREATE_RULESET_VERSION) >= 6);
	set = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	t_check(set >= 0);
	rule.parent_fd = open("in", O_PATH);
	t_check(!syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
	t_check(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	t_check(!syscall(SYS_landlock_restrict_self, set, 0));
	t_check(open("in/file", O_RDONLY) >= 0);
	t_check(open("in/file", O_WRONLY) == -1 && errno == EACCES);
	t_check(open("file", O_RDONLY) == -1 && errno == EACCES);
	return t_status;
}
