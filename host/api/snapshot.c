/* SPDX-License-Identifier: MIT */
/* muslin.h: a machine becomes an image. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "core/stats.h"
#include "devices/ctl.h"
#include "host_page.h"
#include "image/image.h"
#include "loader/jobs.h"
#include "machine/irq.h"
#include "machine/machine.h"
#include "machine/task.h"
#include "cache/cache.h"
#include "muslin.h"
#include "devices/stream.h"
#include "devices/tty.h"

/* In the boot task, which idles: all others sleep, and not for a program to be loaded. */
static bool until_idle(struct muslin *m, void *arg)
{
	const struct vcpu *v = boot_vcpu(m);

	(void)arg;
	return v->task->id == BOOT_TASK && !irq_pending(v) && !jobs_wait(&m->loader);
}

/* The program waits, and not for somebody to take what it has written. */
static bool until_waiting(struct muslin *m, void *arg)
{
	const struct program *p = arg;

	return (p && p->changed) ||
		(until_idle(m, NULL) && !stream_full(m) && !(m->tty->watch & POLLOUT));
}

/* The kernel has done it, though perhaps in vain: a task had something to do. */
static bool until_frozen(struct muslin *m, void *arg)
{
	(void)arg;
	return m->freezing == FROZEN && until_idle(m, NULL);
}

static int save(void *m, int fd)
{
	return image_save(m, fd, NULL);
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

#define TRIES 1000

/* A file without a name, so that nothing is left of us if we are killed. */
static int open_nameless(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash - path + 1) : strdup(".");
	int fd = dir ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;

	free(dir);
	return fd;
}

static int link_to(int fd, const char *name)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* In the place of what is there: by way of a name that nobody has. */
static int replace(int fd, const char *path, char *temporary)
{
	char *tail = temporary + strlen(temporary) - 6;
	int i, r = -1;

	for (i = 0; r && i < TRIES; i++) {
		snprintf(tail, 7, "%06x", (unsigned int)(stats_now() + i) & 0xffffff);
		r = link_to(fd, temporary);
		if (r && errno != EEXIST)
			break;
	}
	if (r)
		return -errno;
	if (!rename(temporary, path))
		return 0;
	r = -errno;
	unlink(temporary);
	return r;
}

static int give_name(int fd, const char *path, char *temporary)
{
	if (!link_to(fd, path))
		return 0;
	return errno == EEXIST ? replace(fd, path, temporary) : -errno;
}

/* As cache_add(), where others may have files of any name. */
static int save_file(struct muslin *m, const char *path,
		     const struct kept_program *program)
{
	bool named = false;
	char *temporary;
	int r, fd;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return fail(m, -ENOMEM, "out of memory");
	fd = open_nameless(path);
	if (fd < 0) {
		/* not every file system has such */
		fd = mkostemp(temporary, O_CLOEXEC);
		named = fd >= 0;
	}
	if (fd < 0) {
		r = fail(m, -errno, "%s", strerror(errno));
		goto out;
	}
	r = image_save(m, fd, program);
	if (!r) {
		if (!named)
			r = give_name(fd, path, temporary);
		else if (rename(temporary, path))
			r = -errno;
		if (r)
			fail(m, r, "%s", strerror(-r));
	}
	if (r && named)
		unlink(temporary);
	close(fd);
out:
	free(temporary);
	return r;
}

/* All tasks sleep, with nothing left to do, and the kernel knows about it. */
static int freeze(struct muslin *m, struct program *p)
{
	int i, r;

	for (i = 0; i < TRIES; i++) {
		/* init may still be saying that it is ready */
		r = api_run(m, until_waiting, p);
		if (!r && p && p->changed)
			r = fail(m, -ECHILD, "the program has ended, or stopped, before it waited");
		if (r || (m->freezing == FROZEN && !m->thawed))
			break;
		m->freezing = FREEZING;
		irq_raise(m, HOST_IRQ_FREEZE);
		r = api_run(m, until_frozen, NULL);
		if (r)
			break;
	}
	if (i == TRIES)
		r = fail(m, -EBUSY, "the program does not wait for long enough");
	m->freezing = 0;
	return r;
}

static int only_program(struct muslin *m, struct program **only)
{
	struct program *p;

	*only = NULL;
	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++) {
		if (!atomic_load(&p->id))
			continue;
		if (*only)
			return fail(m, -EBUSY, "there are several programs");
		*only = p;
	}
	return *only ? 0 : fail(m, -ECHILD, "there is no program");
}

static int snapshot_program(struct muslin *m, const char *path)
{
	struct kept_program kept;
	struct program *p;
	int i, r;

	if (!m->arena.keep)
		return fail(m, -EBUSY, "the machine is not just booted");
	if (!path)
		return fail(m, -EINVAL, "the image of a program needs a file");
	r = only_program(m, &p);
	if (!r)
		r = freeze(m, p);
	if (r)
		return r;
	kept.id = p->id;
	kept.tty = p->tty;
	for (i = 0; i < 3; i++)
		kept.stream[i] = p->stream[i] >= 0 && stream_used(m, p->stream[i]) ?
			p->stream[i] : -1;
	return save_file(m, path, &kept);
}

static int snapshot(struct muslin *m, const char *path)
{
	int r;

	if (m->image_pages)
		return fail(m, -EBUSY, "the machine is not just booted");
	if (m->disks)
		return fail(m, -EBUSY, "a machine with disks cannot be kept");
	if (m->ctl->used)
		return snapshot_program(m, path);
	r = freeze(m, NULL);
	if (r)
		return r;
	return path ? save_file(m, path, NULL) : save_cached(m);
}

int muslin_snapshot(struct muslin *m, const char *path)
{
	struct api_held held;
	int r = api_check(m);

	if (r)
		return r;
	api_hold(&held);
	r = snapshot(m, path);
	api_release(&held);
	return r;
}
