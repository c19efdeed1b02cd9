/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "muslin.h"

static const char help[] =
	"usage: muslin snapshot [OPTION]...\n"
	"       muslin snapshot --image FILE [OPTION]... [--] PROG [ARG]...\n"
	"       muslin snapshot --pid PID --image FILE [--end]\n"
	"\n"
	"Boots the kernel and keeps it, so that `muslin run' with the same --mem and\n"
	"--cmdline need not boot: in the cache, or in the file that --image names.  The\n"
	"other options are those of `muslin run', and mean nothing here.\n"
	"\n"
	"With PROG, starts it as `muslin run' does, and keeps it, too, when it waits: for\n"
	"input, of which it gets none here, or for anything else.  `muslin run --image\n"
	"FILE' goes on from there.  What it writes before that is shown now.\n"
	"\n"
	"The third form keeps what muslin run, or muslin shell, runs as process PID, at once\n"
	"and whatever its programs do.\n"
	"\n"
	"  --tty                    the program has our terminal now, and one then\n"
	"  --end                    it ends when it is kept, instead of going on\n";

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
	/* who goes on from it often will want that */
	if (!o->tier)
		o->tier = MUSLIN_TIER_OPTIMIZED;
	o->keep = true;
	return run_machine(o, argv);
}

static int snapshot_process(const struct run_options *o, bool program)
{
	char error[256];

	if (program || o->tty || o->ndirs || o->nenv || o->cwd || o->cmdline || o->memory ||
	    o->tier || o->root || o->stats || o->limits.time || o->limits.cpu ||
	    o->limits.output || o->limits.processes)
		return complain(STATUS_USAGE, "--pid goes with --image and --end alone; see muslin snapshot --help");
	if (!o->image || !strcmp(o->image, "none"))
		return complain(STATUS_USAGE,
				"--pid: where to? use --image FILE; see muslin snapshot --help");
	if (muslin_snapshot_process(o->pid, o->image, o->end ? MUSLIN_SNAPSHOT_END : 0, error,
				    sizeof(error)))
		return complain(STATUS_FAILED, "%s: %s", o->image, error);
	return 0;
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
	else if (o.pid)
		status = snapshot_process(&o, i < argc);
	else if (o.end)
		status = complain(STATUS_USAGE, "--end: goes with --pid; see muslin snapshot --help");
	else
		status = i < argc || o.tty ? snapshot_program(&o, argv + i) :
			snapshot(&o);
	run_options_free(&o);
	return status;
}
