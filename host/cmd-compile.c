/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "muslin.h"

static const char help[] =
	"usage: muslin compile PROG\n"
	"\n"
	"Translates PROG to native code, as its first start would, and keeps that.\n";

int cmd_compile(int argc, char **argv)
{
	struct muslin_config config = {
		.progress = progress_for_terminal(),
	};
	char error[256];
	int i = one_argument(argc, argv, help);

	if (i < 0)
		return -1 - i;
	if (muslin_compile(&config, argv[i], error, sizeof(error)))
		return complain(1, "%s: %s", argv[i], error);
	return 0;
}
