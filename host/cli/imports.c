/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli/cli.h"
#include "muslin.h"

static const char help[] =
	"usage: muslin imports PROG\n"
	"\n"
	"Lists what PROG needs of its kernel, with types, in alphabetical order.\n";

static int print(void *arg, const char *module, const char *name,
		 const char *type)
{
	(void)arg;
	printf("%s.%s %s\n", module, name, type);
	return 0;
}

int cmd_imports(int argc, char **argv)
{
	char error[256];
	int i = one_argument(argc, argv, help);

	if (i < 0)
		return -1 - i;
	if (muslin_imports(argv[i], print, NULL, error, sizeof(error)))
		return complain(1, "%s: %s", argv[i], error);
	return 0;
}
