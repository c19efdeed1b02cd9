/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/cli.h"

static const char help[] =
	"usage: muslin boot [OPTION]... [--] [PROG [ARG]...]\n"
	"\n"
	"Boots the kernel and shuts it down again, showing what it says.  With PROG,\n"
	"which is as for `muslin run', runs that in between.\n"
	"\n";

int cmd_boot(int argc, char **argv)
{
	struct run_options o = { .boot = true };
	int status, i = run_options_parse(&o, argc, argv, help);

	if (i < 0)
		status = -1 - i;
	else
		status = run_machine(&o, i < argc ? argv + i : NULL);
	run_options_free(&o);
	return status;
}
