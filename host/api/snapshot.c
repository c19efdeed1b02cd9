/* SPDX-License-Identifier: MIT */
/* muslin.h: a machine becomes an image. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/control.h"
#include "api/whole-file.h"
#include "devices/ctl.h"
#include "host_page.h"
#include "image/image.h"
#include "loader/jobs.h"
#include "machine/clock.h"
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

static bool until_frozen(struct muslin *m, void *arg)
{
	(void)arg;
	return m->freezing == FROZEN;
}

static int save(void *m, int fd)
{
	return image_save(m, fd, NULL, 0, true);
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
#define PAUSE 1000000	/* nanoseconds */

/* The kernel is in host_frozen(), and all tasks are where they were switched away from. */
static int freeze(struct muslin *m)
{
	int r;

	m->freezing = FREEZING;
	irq_raise(m, HOST_IRQ_FREEZE);
	r = api_run(m, until_frozen, NULL);
	m->freezing = 0;
	return r;
}

struct later {
	uint64_t when;		/* nanoseconds since boot */
	bool settled;
};

/* Nothing is under way between the kernel and who is outside of it. */
static bool until_later(struct muslin *m, void *arg)
{
	struct later *l = arg;

	l->settled = ctl_settled(m) && !jobs_wait(&m->loader) && m->ctl->ready;
	return clock_now(m) >= l->when && l->settled;
}

/* Runs it for so long, and until it has settled. */
static int run_for(struct muslin *m, uint64_t ns)
{
	struct later l = { .when = clock_now(m) + ns };
	int r;

	m->hasty = true;
	/* it may idle for longer */
	ctl_wake(m);
	r = api_run(m, until_later, &l);
	m->hasty = false;
	return r;
}

/* Until the program waits; p may be NULL: init alone. */
static int wait_for(struct muslin *m, struct program *p)
{
	int r = api_run(m, until_waiting, p);

	if (!r && p && p->changed)
		return fail(m, -ECHILD, "the program has ended, or stopped, before it waited");
	return r;
}

/* What goes on in the image: how many. */
static size_t keep_programs(struct muslin *m, struct kept_program *kept)
{
	struct program *p;
	size_t n = 0;
	int i;

	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++) {
		if (!atomic_load(&p->id) || !p->started || p->ended || p->error)
			continue;
		kept[n] = (struct kept_program){
			.id = p->id, .tty = p->tty, .regular = p->regular,
		};
		for (i = 0; i < 3; i++)
			kept[n].stream[i] = p->stream[i] >= 0 && stream_used(m, p->stream[i]) ?
				p->stream[i] : -1;
		n++;
	}
	return n;
}

struct to_save {
	struct muslin *m;
	bool sign;
};

static int save_programs(void *arg, int fd)
{
	const struct to_save *s = arg;
	struct kept_program kept[PROGRAMS];
	size_t n = keep_programs(s->m, kept);

	if (!n)
		return fail(s->m, -ECHILD, "there is no program");
	return image_save(s->m, fd, kept, n, s->sign);
}

/* It cannot go on with what these have of the host. */
static int check(struct muslin *m)
{
	if (m->cpus > 1)
		return fail(m, -EOPNOTSUPP, "a machine with several processors has no image");
	if (m->disks)
		return fail(m, -EBUSY, "a machine with disks cannot be kept");
	if (!m->arena.keep && m->ctl->used)
		return fail(m, -EBUSY, "the machine was not made to be kept");
	return 0;
}

/*
 * A task that was interrupted where an image cannot have it, in the C library, is
 * elsewhere a little later.
 */
int snapshot_running(struct muslin *m, int fd, bool sign)
{
	struct to_save s = { m, sign };
	int i, r = check(m);

	for (i = 0; i < TRIES && !r; i++) {
		r = run_for(m, i ? PAUSE : 0);
		if (!r)
			r = freeze(m);
		if (r)
			break;
		m->error[0] = 0;
		r = save_programs(&s, fd);
		if (r != -EAGAIN)
			return r;
		r = ftruncate(fd, 0) ? -errno : 0;
	}
	return r ? r : fail(m, -EBUSY, "a program is in the C library all the time");
}

static int save_running(void *arg, int fd)
{
	return snapshot_running(arg, fd, true);
}

/* All of fill()'s errors are told; those of the file's name are not. */
static int save_file(struct muslin *m, const char *path, int (*fill)(void *arg, int fd),
		     void *arg)
{
	int r = whole_file(path, fill, arg);

	return r && !m->error[0] ? fail(m, r, "%s", strerror(-r)) : r;
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
	struct program *p;
	int r;

	if (!path)
		return fail(m, -EINVAL, "the image of a program needs a file");
	r = only_program(m, &p);
	if (!r)
		r = wait_for(m, p);
	return r ? r : save_file(m, path, save_running, m);
}

static int snapshot(struct muslin *m, const char *path)
{
	int r = check(m);

	if (r)
		return r;
	if (m->ctl->used)
		return snapshot_program(m, path);
	if (m->image_pages)
		return fail(m, -EBUSY, "the machine is not just booted");
	/* init may still be saying that it is ready */
	r = wait_for(m, NULL);
	if (!r)
		r = freeze(m);
	if (r)
		return r;
	return path ? save_file(m, path, save, m) : save_cached(m);
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

int muslin_snapshot_now(struct muslin *m, const char *path)
{
	struct api_held held;
	int r = api_check(m);

	if (r)
		return r;
	api_hold(&held);
	r = save_file(m, path, save_running, m);
	api_release(&held);
	return r;
}
