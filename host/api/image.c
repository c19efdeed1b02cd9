/* SPDX-License-Identifier: MIT */
/* muslin.h: boot images. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "api/confine.h"
#include "devices/ctl.h"
#include "host_page.h"
#include "image/image.h"
#include "machine/irq.h"
#include "machine/machine.h"
#include "cache/cache.h"
#include "muslin.h"
#include "devices/stream.h"
#include "devices/tty.h"

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

static int open_cached(const struct muslin *m)
{
	char name[CACHE_NAME_SIZE], error[256];
	int fd, dir = cache_open(false, error, sizeof(error));

	if (dir < 0)
		return dir;
	image_name(m, name);
	fd = TEMP_FAILURE_RETRY(openat(dir, name, FLAGS));
	if (fd >= 0)
		cache_touch(fd);
	close(dir);
	return fd;
}

int muslin_has_image(const struct muslin *m)
{
	int fd = open_cached(m);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

static void thaw(struct muslin *m)
{
	m->ctl->ready = true;
	/* what the machine had, or has now */
	irq_raise(m, HOST_IRQ_THAW | (m->net || m->ctl->used ? HOST_IRQ_NET : 0));
}

int api_resume(struct muslin *m)
{
	struct kept_program programs[PROGRAMS] = { 0 };
	int r, fd;

	/* its kernel has looked for disks, and found none */
	if ((m->image && !*m->image) || m->disks || m->cpus > 1)
		return 0;
	fd = m->image ? TEMP_FAILURE_RETRY(open(m->image, FLAGS)) : open_cached(m);
	if (fd < 0)
		return 0;
	r = image_resume(m, fd, m->ctl->memory, programs);
	close(fd);
	m->error[0] = 0;
	if (programs[0].id)
		return fail(m, -EINVAL, "%s has a program of its own", m->image);
	if (r)
		return 0;
	thaw(m);
	return 1;
}

static bool is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

/* Whom the waiting program's files were is told to look at them again. */
static int attach(struct muslin *m, const struct kept_program *program,
		  const int fd[3])
{
	int i, tty, r = 0;

	if (program->tty) {
		tty = tty_find(fd);
		if (tty < 0)
			return fail(m, -ENOTTY, "the program has a terminal, and here is none");
		r = tty_attach(m, tty, tty == fd[0]);
		if (r)
			return fail(m, r, "terminal: %s", strerror(-r));
	}

	for (i = 0; i < 3 && !r; i++) {
		if (program->stream[i] < 0 || fd[i] < 0)
			continue;
		if (program->regular >> i & 1 && !is_regular(fd[i]))
			return fail(m, -EINVAL, "file %d was a regular file, and is none now", i);
		r = stream_attach_as(m, program->stream[i], fd[i]);
		if (r)
			fail(m, r, "file %d: %s", i, strerror(-r));
	}
	irq_raise(m, HOST_IRQ_STREAM);
	return r;
}

struct resume_from {
	const char *path;
	const int *fd;		/* three */
};

static int resume(struct muslin *m, void *arg)
{
	const struct resume_from *from = arg;
	struct kept_program programs[PROGRAMS] = { 0 };
	int r, file;

	if (m->net)
		return fail(m, -EINVAL, "what goes on with a program has no network");
	if (m->disks)
		return fail(m, -EINVAL, "what goes on with a program has no disks");
	file = TEMP_FAILURE_RETRY(open(from->path, FLAGS));
	if (file < 0)
		return fail(m, -errno, "%s", strerror(errno));
	r = api_protect(m, from->path);
	if (!r)
		r = image_resume(m, file, 0, programs);
	close(file);
	if (r)
		return r;
	if (!programs[0].id)
		return fail(m, -EINVAL, "there is no program in it");
	r = confine_enter(m);
	if (r)
		return r;
	if (!m->arena.keep)
		arena_close(m);
	m->ctl->used = true;
	thaw(m);
	programs_resumed(m, programs);
	r = attach(m, &programs[0], from->fd);
	return r ? r : programs[0].id;
}

int muslin_resume(struct muslin *m, const char *path, const int fd[3])
{
	struct resume_from from = { path, fd };

	return api_start(m, resume, &from);
}

int muslin_clone(const struct muslin_config *config, const char *path, const int fd[3],
		 struct muslin **m)
{
	int r = api_new(config, false, m);

	return r ? r : muslin_resume(*m, path, fd);
}
