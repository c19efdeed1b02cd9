/* SPDX-License-Identifier: MIT */
/* What the kernel starts for a program, as `muslin binfmt` asked it to. */
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"

/* MUSLIN_OPTIONS; words are never freed, for options point into them. */
static int options_of_environment(struct run_options *o)
{
	const char *value = getenv("MUSLIN_OPTIONS");
	char *rest = xstrdup(value ? value : ""), *word;
	char **argv = xmalloc(2 * sizeof(*argv));
	int i, argc = 1;

	argv[0] = "MUSLIN_OPTIONS";
	while ((word = strsep(&rest, " \t\n"))) {
		if (!*word)
			continue;
		argv = grown(argv, argc + 2, sizeof(*argv));
		argv[argc++] = word;
		argv[argc] = NULL;
	}
	i = run_options_parse(o, argc, argv, run_help);
	if (i < 0)
		return -1 - i;
	return i == argc ? 0 : complain(STATUS_USAGE, "MUSLIN_OPTIONS: %s: not an option",
					argv[i]);
}

/* muslin FILE ARGV[0] ARGV[1]... */
int run_as_interpreter(int argc, char **argv)
{
	struct run_options o = { .as_native = true };
	int status;

	if (argc < 3)
		return complain(STATUS_USAGE, "started for a program, but not told which");
	status = options_of_environment(&o);
	o.program = argv[1];
	if (!status)
		status = run_machine(&o, argv + 2);
	run_options_free(&o);
	run_signals_die();
	return status;
}
