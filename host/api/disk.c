/* SPDX-License-Identifier: MIT */
/* muslin.h: disks, which are open before the machine is confined. */
#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "disk/disk.h"
#include "machine/machine.h"
#include "muslin.h"

static const char *why(int err)
{
	switch (err) {
	case -EWOULDBLOCK:
		return "in use by another machine";
	case -ENOTBLK:
		return "neither a file nor a block device";
	default:
		return strerror(-err);
	}
}

int muslin_disk(struct muslin *m, const char *path, int flags)
{
	int r;

	if (api_busy(m))
		return -EBUSY;
	m->error[0] = 0;
	if (m->kernel)
		return fail(m, -EBUSY, "the machine was booted before");
	if (flags & ~MUSLIN_READ_ONLY)
		return fail(m, -EINVAL, "%s: no such flags of a disk, %#x", path, flags);
	r = disk_attach(m, path, flags & MUSLIN_READ_ONLY);
	return r < 0 ? fail(m, r, "%s: %s", path, why(r)) : r;
}
