/* SPDX-License-Identifier: MIT */
/* muslin.h: directories and files of the host in the guest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "hostfs.h"
#include "machine.h"
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
	msg->flags = flags & MUSLIN_READ_ONLY ? CTL_MOUNT_RO : 0;
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

static int check_mount(struct muslin *m, const char *guest)
{
	int r = api_check(m);

	if (!r && guest[0] != '/')
		r = fail(m, -EINVAL, "%s: not an absolute path", guest);
	return r;
}

int muslin_mount(struct muslin *m, const char *host, const char *guest,
		 int flags)
{
	int root, r = check_mount(m, guest);

	if (r)
		return r;
	root = hostfs_add_dir(m->hostfs, host, flags & MUSLIN_READ_ONLY);
	if (root < 0)
		return fail(m, root, "%s: %s", host, strerror(-root));
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
		return fail(m, root, "%s: %s", host, strerror(-root));
	return mount_root(m, root, guest, MUSLIN_READ_ONLY);
}
