/* SPDX-License-Identifier: MIT */
/* binfmt_misc: a file's first bytes say what runs it. */
#define _GNU_SOURCE
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "namespaces.h"
#include "test.h"

int main(int argc, char **argv)
{
	char line[300], self[200] = "";
	int status;
	pid_t pid;

	if (argc > 1)
		return strcmp(argv[1], "./thing") ? 1 : 9;
	want_root();
	t_check(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	mkdir("/misc", 0755);
	t_check(!mount("none", "/misc", "binfmt_misc", 0, NULL));
	snprintf(line, sizeof(line), ":thing:M::MAGIC::%s:", self);
	write_file("/misc/register", line);
	close(open("thing", O_CREAT | O_WRONLY, 0755));
	write_file("thing", "MAGIC and more");
	pid = fork();
	if (!pid) {
		execl("./thing", "thing", NULL);
		_exit(1);
	}
	t_check(waitpid(pid, &status, 0) == pid && status == 9 << 8);
	write_file("/misc/thing", "-1");
	umount("/misc");
	return t_status;
}
