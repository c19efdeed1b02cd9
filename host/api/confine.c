/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "api/api.h"
#include "loader/build.h"
#include "loader/jobs.h"
#include "api/confine.h"
#include "disk/disk.h"
#include "hostfs/hostfs.h"
#include "process/landlock.h"
#include "machine/cpus.h"
#include "machine/machine.h"
#include "muslin.h"

#define READ	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define OPEN	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
		 FS_TRUNCATE)
/* What hostfs does in a directory: neither devices nor programs. */
#define WRITE	(READ | OPEN | FS_REFER | \
		 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | \
		 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
		 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
		 LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* Version 1 would not let a guest rename files from one directory to another. */
#define LEAST_VERSION 2

struct confinement {
	struct landlock_rules files;
	int done;		/* MUSLIN_CONFINED_* */
};

/* If there is none, whoever wants to keep something in it will say so. */
static void reach_cache(const struct landlock_rules *l)
{
	char error[256];
	int dir = cache_open(true, error, sizeof(error));

	if (dir < 0)
		return;
	landlock_allow_fd(l, dir, WRITE);
	close(dir);
}

static int reach_one(struct muslin *m, const struct landlock_rules *l,
		     const struct muslin_reach *r)
{
	if (r->flags & MUSLIN_REACH_CACHE) {
		reach_cache(l);
		return 0;
	}
	/* whiteouts; confine-calls.c lets no other devices be made */
	if (landlock_allow(l, r->path, r->flags & MUSLIN_READ_ONLY ? READ :
			   r->flags & MUSLIN_REACH_LAYER ? WRITE | LANDLOCK_ACCESS_FS_MAKE_CHAR :
			   WRITE))
		return 0;
	return fail(m, -errno, "%s: %s", r->path, strerror(errno));
}

int muslin_confine(struct muslin *m, const struct muslin_reach *reach, size_t n)
{
	struct confinement *c;
	int r = 0;

	m->error[0] = 0;
	if (m->confinement || m->kernel)
		return fail(m, -EBUSY, "too late to be confined");
	c = calloc(1, sizeof(*c));
	if (!c)
		return fail(m, -ENOMEM, "out of memory");
	m->confinement = c;
	c->files.fd = -1;
	/* the cache has to be there; later it could not be made */
	r = api_protect(m, m->image);
	if (r)
		confine_exit(m);
	if (r || landlock_version() < LEAST_VERSION)
		return r;
	/* devices' ioctls are confine-calls.c's */
	c->files = landlock_rules(FS_IOCTL_DEV, NET_TCP, SCOPE_ABSTRACT_UNIX_SOCKET);
	for (size_t i = 0; i < n && !r && c->files.fd >= 0; i++)
		r = reach_one(m, &c->files, &reach[i]);
	if (r)
		confine_exit(m);
	return r;
}

int muslin_confined(const struct muslin *m)
{
	return m->confinement ? m->confinement->done : 0;
}

/* A terminal, or a FIFO, is opened again by stream.c, to be alone with it. */
static void reach_standard_files(const struct landlock_rules *l)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++)
		if (!fstat(fd, &st) && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
			landlock_allow_fd(l, fd, OPEN);
	landlock_allow(l, "/dev/null", OPEN);
}

/* Of a boot image, which has its own. */
static void reach_root(void *l, int fd, bool read_only)
{
	landlock_allow_fd(l, fd, read_only ? READ : WRITE);
}

/* The thread that loads programs is one of those that cannot be made later. */
static int start_threads(struct muslin *m, bool (*confine)(void))
{
	int r = disks_start(m, confine);

	if (r)
		return fail(m, r, "cannot make the threads of disks: %s", strerror(-r));
	r = cpus_threads(m, confine);
	if (r)
		return fail(m, r, "cannot make the threads of processors: %s", strerror(-r));
	r = confine ? jobs_start(&m->loader, confine) : 0;
	return r ? fail(m, r, "cannot make the thread that loads programs: %s", strerror(-r)) : 0;
}

int confine_enter(struct muslin *m)
{
	const struct rlimit none = { 0, 0 };
	struct confinement *c = m->confinement;

	if (!c)
		return start_threads(m, NULL);
	if (c->done)
		return 0;
	/* compiled programs want it, and could not find it any more */
	dlopen("libm.so.6", RTLD_NOW);
	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fail(m, -errno, "cannot give up privileges: %s", strerror(errno));
	if (c->files.fd >= 0) {
		reach_standard_files(&c->files);
		hostfs_each_root(m->hostfs, reach_root, &c->files);
		if (landlock_enter(c->files.fd))
			c->done |= MUSLIN_CONFINED_FILES;
		close(c->files.fd);
		c->files.fd = -1;
	}
	/* they have what this thread can reach of files, and no more calls than it */
	if (start_threads(m, confine_calls))
		return -EAGAIN;
	if (confine_calls())
		c->done |= MUSLIN_CONFINED_CALLS;
	return 0;
}

void confine_exit(struct muslin *m)
{
	if (!m->confinement)
		return;
	if (m->confinement->files.fd >= 0)
		close(m->confinement->files.fd);
	free(m->confinement);
	m->confinement = NULL;
}
