/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "muslin.h"

static const char help[] =
	"usage: muslin snapshot [OPTION]...\n"
	"       muslin snapshot --image FILE [OPTION]... [--] PROG [ARG]...\n"
	"\n"
	"Boots the kernel and keeps it, so that `muslin run' with the same --mem and\n"
	"--cmdline need not boot: in the cache, or in the file that --image names.  The\n"
	"other options are those of `muslin run', and mean nothing here.\n"
	"\n"
	"With PROG, starts it as `muslin run' does, and keeps it, too, when it waits: for\n"
	"input, of which it gets none here, or for anything else.  `muslin run --image\n"
	"FILE' goes on from there.  What it writes before that is shown now.\n"
	"\n"
	"  --tty                    the program has our terminal now, and one then\n";

static int keep(struct muslin *m, const struct run_options *o)
{
	const char *path = o->image;
	int status = confine(m, o, NULL, true);

	if (status)
		return status;
	if (muslin_boot(m) || muslin_snapshot(m, path) || muslin_shutdown(m))
		return complain(STATUS_FAILED, "%s%s%s", path ? path : "",
				path ? ": " : "", muslin_error(m));
	return 0;
}

static int snapshot(const struct run_options *o)
{
	char *cmdline = run_options_cmdline(o);
	struct muslin_config config = {
		.memory = o->memory,
		.cmdline = cmdline,
		.image = "",
	};
	struct muslin *m;
	int status, r = muslin_new(&config, &m);

	free(cmdline);
	if (r)
		return complain(STATUS_FAILED, "cannot make a machine: %s", strerror(-r));
	status = keep(m, o);
	muslin_free(m);
	return status;
}

static int snapshot_program(struct run_options *o, char **argv)
{
	if (!argv[0])
		return complain(STATUS_USAGE, "--tty: no program; see muslin snapshot --help");
	if (!o->image || !strcmp(o->image, "none"))
		return complain(STATUS_USAGE,
				"%s: where to? use --image FILE; see muslin snapshot --help",
				argv[0]);
	if (o->tier == MUSLIN_TIER_QUICK)
		return complain(STATUS_USAGE,
				"--tier quick: its code cannot be kept");
	o->tier = MUSLIN_TIER_OPTIMIZED;
	o->keep = true;
	return run_machine(o, argv);
}

int cmd_snapshot(int argc, char **argv)
{
	struct run_options o = { 0 };
	int status, i = run_options_parse(&o, argc, argv, help);

	if (i < 0)
		status = -1 - i;
	else if (o.net.backend)
		status = complain(STATUS_USAGE,
				  "--net: an image has no network; see muslin run --help");
	else if (o.ndisks)
		status = complain(STATUS_USAGE,
				  "--disk: an image has no disks; see muslin run --help");
	else
		status = i < argc || o.tty ? snapshot_program(&o, argv + i) :
			snapshot(&o);
	run_options_free(&o);
	return status;
}
