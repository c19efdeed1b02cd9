/* SPDX-License-Identifier: MIT */
/* muslin.h: directories and files of the host in the guest. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "devices/ctl.h"
#include "disk/disk.h"
#include "hostfs/hostfs.h"
#include "machine/machine.h"
#include "cache/cache.h"
#include "muslin.h"

static bool until_mounted(struct muslin *m, void *arg)
{
	(void)arg;
	return m->ctl->mounted;
}

#define MOUNT_OVER 1024	/* beside those of muslin.h */

/*
 * layer: where overlayfs keeps changes; -1: in memory, if it is there at all.
 * type: the file system, of a disk; the file's name, with MOUNT_OVER; or NULL.
 */
static int mount_root(struct muslin *m, int root, int layer, const char *type,
		      const char *guest, int flags)
{
	size_t n = strlen(guest) + 1, type_n = type ? strlen(type) + 1 : 0;
	struct ctl_mount *msg = calloc(1, sizeof(*msg) + n + type_n);
	int r;

	if (!msg)
		return -ENOMEM;
	msg->head.size = sizeof(*msg) + n + type_n;
	msg->head.type = CTL_MOUNT;
	msg->root = root;
	if (flags & (MUSLIN_READ_ONLY | MUSLIN_OVERLAY))
		msg->flags |= CTL_MOUNT_RO;
	if (flags & MUSLIN_OVERLAY)
		msg->flags |= CTL_MOUNT_OVERLAY;
	if (layer >= 0)
		msg->flags |= CTL_MOUNT_LAYER;
	msg->layer = layer;
	if (flags & MOUNT_OVER)
		msg->flags |= CTL_MOUNT_FILE;
	else if (type)
		msg->flags |= CTL_MOUNT_DISK;
	if (type)
		memcpy(msg->path + n, type, type_n);
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
	return mount_root(m, root, -1, NULL, guest, flags);
}

int muslin_mount_layer(struct muslin *m, const char *host, const char *guest,
		       const char *layer)
{
	int root, upper, r = check_mount(m, guest);

	if (r)
		return r;
	root = hostfs_add_dir(m->hostfs, host, HOSTFS_READ_ONLY);
	if (root < 0)
		return fail(m, root, "%s: %s", host, hostfs_why(m->hostfs, root));
	upper = hostfs_add_dir(m->hostfs, layer, HOSTFS_LAYER);
	if (upper < 0)
		return fail(m, upper, "%s: %s", layer, hostfs_why(m->hostfs, upper));
	return mount_root(m, root, upper, NULL, guest, MUSLIN_READ_ONLY | MUSLIN_OVERLAY);
}

int muslin_mount_disk(struct muslin *m, int disk, const char *guest, int flags)
{
	int r = check_mount(m, guest);
	const char *type;

	if (r)
		return r;
	if (flags & ~(MUSLIN_READ_ONLY | MUSLIN_OVERLAY))
		return fail(m, -EINVAL, "no such flags of a disk, %#x", flags);
	type = disk_type(m, disk);
	if (!type)
		return fail(m, -EINVAL, "no disk with ext4, squashfs or erofs on it");
	return mount_root(m, disk, -1, type, guest, flags);
}

/* A file of the host, with that name in a directory of its own, or over a file. */
static int mount_file(struct muslin *m, const char *host, const char *guest,
		      const char *name, bool over)
{
	int root, r = check_mount(m, guest);

	if (r)
		return r;
	root = hostfs_add_file(m->hostfs, host, name);
	if (root < 0)
		return fail(m, root, "%s: %s", host, hostfs_why(m->hostfs, root));
	return mount_root(m, root, -1, over ? name : NULL, guest,
			  MUSLIN_READ_ONLY | (over ? MOUNT_OVER : 0));
}

int muslin_mount_file(struct muslin *m, const char *host, const char *guest,
		      const char *name)
{
	return mount_file(m, host, guest, name, false);
}

int muslin_mount_over(struct muslin *m, const char *host, const char *guest)
{
	return mount_file(m, host, guest, "file", true);
}
