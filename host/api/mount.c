/* SPDX-License-Identifier: MIT */
/* muslin.h: directories and files of the host in the guest. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "devices/ctl.h"
#include "hostfs/hostfs.h"
#include "machine/machine.h"
#include "cache/cache.h"
#include "muslin.h"

static bool until_mounted(struct muslin *m, void *arg)
{
	(void)arg;
	return m->ctl->mounted;
}

static int mount_root(struct muslin *m, int root, const char *guest, int flags)
{
	size_t n = strlen(guest) + 1;
	struct ctl_mount *msg = calloc(1, sizeof(*msg) + n);
	int r;

	if (!msg)
		return -ENOMEM;
	msg->head.size = sizeof(*msg) + n;
	msg->head.type = CTL_MOUNT;
	msg->root = root;
	if (flags & (MUSLIN_READ_ONLY | MUSLIN_OVERLAY))
		msg->flags |= CTL_MOUNT_RO;
	if (flags & MUSLIN_OVERLAY)
		msg->flags |= CTL_MOUNT_OVERLAY;
	memcpy(msg->path, guest, n);
	m->ctl->mounted = false;
	r = ctl_send(m, &msg->head);
	free(msg);
	if (!r)
		r = api_run(m, until_mounted, NULL);
	if (!r && m->ctl->mount_error)
		r = fail(m, -m->ctl->mount_error, "mount on %s: %s", guest,
			 strerror(m->ctl->mount_error));
	return r;
}

static int protect(struct muslin *m, const char *path)
{
	int r = hostfs_protect(m->hostfs, path);

	/* all is in "/": only its user can keep it from a guest */
	if (r == -EINVAL)
		return 0;
	if (r == -EBUSY)
		return fail(m, r, "%s: in a directory that the guest has", path);
	return r ? fail(m, r, "%s: %s", path, strerror(-r)) : 0;
}

/* Where there is no cache the guest cannot make one either. */
int api_protect(struct muslin *m, const char *image)
{
	char path[PATH_MAX], why[256];
	int dir, r = 0;

	if (!cache_path(path, sizeof(path))) {
		dir = cache_open(true, why, sizeof(why));
		if (dir >= 0)
			close(dir);
		r = protect(m, path);
	}
	if (!r && image && *image)
		r = protect(m, image);
	return r;
}

static int check_mount(struct muslin *m, const char *guest)
{
	int r = api_check(m);

	if (!r && guest[0] != '/')
		r = fail(m, -EINVAL, "%s: not an absolute path", guest);
	return r ? r : api_protect(m, m->image);
}

int muslin_mount(struct muslin *m, const char *host, const char *guest,
		 int flags)
{
	int root, r = check_mount(m, guest);

	if (r)
		return r;
	root = hostfs_add_dir(m->hostfs, host,
			      (flags & (MUSLIN_READ_ONLY | MUSLIN_OVERLAY) ? HOSTFS_READ_ONLY : 0) |
			      (flags & MUSLIN_SUID ? HOSTFS_SUID : 0));
	if (root < 0)
		return fail(m, root, "%s: %s", host, hostfs_why(m->hostfs, root));
	return mount_root(m, root, guest, flags);
}

int muslin_mount_file(struct muslin *m, const char *host, const char *guest,
		      const char *name)
{
	int root, r = check_mount(m, guest);

	if (r)
		return r;
	root = hostfs_add_file(m->hostfs, host, name);
	if (root < 0)
		return fail(m, root, "%s: %s", host, hostfs_why(m->hostfs, root));
	return mount_root(m, root, guest, MUSLIN_READ_ONLY);
}
