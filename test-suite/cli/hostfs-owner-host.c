/* SPDX-License-Identifier: MIT */
/*
 * An embedder that is not root, and runs root's programs: "prog ARG..." in d.  Or
 * "set FILE VALUE": its attribute.
 */
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "muslin.h"

int main(int argc, char **argv)
{
	struct muslin_program program = {
		.path = "/bin/prog", .argv = argv, .cwd = "/d",
		.umask = 022, .fd = { -1, 1, 2 },
	};
	struct muslin *m;
	int status;

	if (argc == 4 && !strcmp(argv[1], "set"))
		return !!setxattr(argv[2], "user.muslin.owner", argv[3], strlen(argv[3]), 0);
	if (muslin_new(NULL, &m) || muslin_boot(m) || muslin_mount(m, ".", "/bin", MUSLIN_READ_ONLY) ||
	    muslin_mount(m, "d", "/d", 0) ||
	    muslin_wait(m, muslin_spawn(m, &program), &status) || muslin_shutdown(m)) {
		printf("%s\n", muslin_error(m));
		return 1;
	}
	muslin_free(m);
	return status ? 1 : 0;
}
