/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "loader/background.h"
#include "cli/cli.h"
#include "muslin.h"

static const char help[] =
	"usage: muslin compile PROG\n"
	"\n"
	"Translates PROG to native code, by the C compiler, and keeps that.\n";

/* The library starts this, see background.h; it is of no use by hand. */
static int in_background(int argc, char **argv)
{
	return argc > 3 && background_run(argv[3]) ? 1 : 0;
}

int cmd_compile(int argc, char **argv)
{
	struct muslin_config config = {
		.progress = progress_for_terminal(),
	};
	char error[256];
	int i;

	if (argc > 1 && !strcmp(argv[1], "--background"))
		return in_background(argc, argv);
	i = one_argument(argc, argv, help);
	if (i < 0)
		return -1 - i;
	if (muslin_compile(&config, argv[i], error, sizeof(error)))
		return complain(1, "%s: %s", argv[i], error);
	return 0;
}
