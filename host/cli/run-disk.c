/* SPDX-License-Identifier: MIT */
/* --disk, and --root, which is a disk or a directory */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "muslin.h"

int run_disk_option(struct run_options *o, const char *arg)
{
	struct disk d = { .path = xstrdup(arg) };

	if (ends_with(d.path, ":ro"))
		d.flags = MUSLIN_READ_ONLY;
	o->disks = grown(o->disks, o->ndisks + 1, sizeof(d));
	o->disks[o->ndisks++] = d;
	return 0;
}

void root_on_disk(struct run_options *o, const char *path, int flags)
{
	struct disk d = { .path = xstrdup(path) };

	/* what is changed elsewhere needs no right to change the image */
	d.flags = flags ? MUSLIN_READ_ONLY : 0;
	o->disks = grown(o->disks, o->ndisks + 1, sizeof(d));
	o->disks[o->ndisks++] = d;
	o->on_disk = true;
	o->root_flags = flags;
}

/* The others are mounted in it. */
static int root_directory(struct run_options *o, const char *path, const char *suffix)
{
	char *arg = xasprintf("%s:/%s", path, suffix);
	int status = run_options_dir(o, arg);
	struct dir root;

	free(arg);
	if (status)
		return status;
	root = o->dirs[o->ndirs - 1];
	memmove(o->dirs + 1, o->dirs, (o->ndirs - 1) * sizeof(root));
	o->dirs[0] = root;
	return 0;
}

int run_root(struct run_options *o)
{
	char *path = xstrdup(o->root);
	int flags = 0, status = 0;
	bool cow = ends_with(path, ":cow");
	struct stat st;

	if (ends_with(path, ":ro"))
		flags = MUSLIN_READ_ONLY;
	else if (ends_with(path, ":overlay"))
		flags = MUSLIN_READ_ONLY | MUSLIN_OVERLAY;
	if (stat(path, &st))
		status = complain(STATUS_FAILED, "--root %s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		status = root_directory(o, path, o->root + strlen(path));
	else if (cow)
		status = complain(STATUS_USAGE, "--root %s: cow is for directories", path);
	else
		root_on_disk(o, path, flags);
	free(path);
	return status;
}

int run_disks(struct muslin *m, const struct run_options *o)
{
	for (size_t i = 0; i < o->ndisks; i++)
		if (muslin_disk(m, o->disks[i].path, o->disks[i].flags) < 0)
			return complain(STATUS_FAILED, "--disk %s", muslin_error(m));
	return 0;
}

void run_disks_free(struct run_options *o)
{
	for (size_t i = 0; i < o->ndisks; i++)
		free(o->disks[i].path);
	free(o->disks);
}
