/* SPDX-License-Identifier: MIT */
/* muslin.h: boot images. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "ctl.h"
#include "host_page.h"
#include "image.h"
#include "machine.h"
#include "module-cache.h"
#include "muslin.h"

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

static int open_cached(const struct muslin *m)
{
	char name[CACHE_NAME_SIZE], error[256];
	int fd, dir = cache_open(false, error, sizeof(error));

	if (dir < 0)
		return dir;
	image_name(m, name);
	fd = openat(dir, name, FLAGS);
	if (fd >= 0)
		cache_touch(fd);
	close(dir);
	return fd;
}

bool api_resume(struct muslin *m)
{
	int r, fd;

	if (m->image && !*m->image)
		return false;
	fd = m->image ? open(m->image, FLAGS) : open_cached(m);
	if (fd < 0)
		return false;
	r = image_resume(m, fd, m->ctl->memory);
	close(fd);
	if (r)
		return false;
	m->ctl->ready = true;
	irq_raise(m, HOST_IRQ_THAW);
	return true;
}

/* In the boot task, which idles: all others sleep. */
static bool until_idle(struct muslin *m, void *arg)
{
	(void)arg;
	return m->task->id == BOOT_TASK && !irq_pending(m);
}

static bool until_frozen(struct muslin *m, void *arg)
{
	return m->frozen && until_idle(m, arg);
}

static int save(void *m, int fd)
{
	return image_save(m, fd);
}

static int save_cached(struct muslin *m)
{
	char name[CACHE_NAME_SIZE], error[256];
	int r, dir = cache_open(true, error, sizeof(error));
	uint64_t limit;

	if (dir < 0)
		return fail(m, dir, "%s", error);
	image_name(m, name);
	r = cache_add(dir, name, 0600, save, m);
	if (r && !m->error[0])
		fail(m, r, "cache: %s", strerror(-r));
	if (!r && !cache_limit(&limit))
		cache_trim(dir, limit, name);
	close(dir);
	return r;
}

/* As cache_add(), where others may have files of any name. */
static int save_file(struct muslin *m, const char *path)
{
	char *temporary;
	int r, fd;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return fail(m, -ENOMEM, "out of memory");
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		r = fail(m, -errno, "%s", strerror(errno));
		goto out;
	}
	r = image_save(m, fd);
	close(fd);
	if (!r && rename(temporary, path))
		r = fail(m, -errno, "%s", strerror(errno));
	if (r)
		unlink(temporary);
out:
	free(temporary);
	return r;
}

int muslin_snapshot(struct muslin *m, const char *path)
{
	int r = api_check(m);

	if (r)
		return r;
	if (m->ctl->used || m->image_pages)
		return fail(m, -EBUSY, "the machine is not just booted");
	/* init is still saying that it is ready */
	r = api_run(m, until_idle, NULL);
	if (r)
		return r;
	irq_raise(m, HOST_IRQ_FREEZE);
	r = api_run(m, until_frozen, NULL);
	m->frozen = false;
	if (r)
		return r;
	return path ? save_file(m, path) : save_cached(m);
}
