/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli.h"
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
	int i = 1;

	if (i < argc && !strcmp(argv[i], "--help")) {
		fputs(help, stdout);
		return 0;
	}
	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	else if (i < argc && argv[i][0] == '-')
		return complain(STATUS_USAGE, "%s: unknown option", argv[i]);
	if (i + 1 != argc)
		return complain(STATUS_USAGE,
				"one program; see muslin imports --help");
	if (muslin_imports(argv[i], print, NULL, error, sizeof(error)))
		return complain(1, "%s: %s", argv[i], error);
	return 0;
}
