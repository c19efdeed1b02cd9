/* SPDX-License-Identifier: MIT */
/* muslin serve: a program beside this one, with libraries that no other command needs. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

int cmd_serve(int argc, char **argv)
{
	static const char name[] = "muslin-serve";
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
	char *slash;

	(void)argc;
	path[n < 0 ? 0 : n] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return complain(STATUS_FAILED, "%s: %s", name, strerror(ENOENT));
	strcpy(slash + 1, name);
	execv(path, argv);
	return complain(STATUS_FAILED, "%s: %s", path, strerror(errno));
}
