/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "loader/background.h"
#include "loader/build.h"
#include "process/child.h"
#include "process/workdir.h"
#include "loader/compile.h"
#include "core/memory-file.h"
#include "cache/cache.h"
#include "muslin.h"

/* --- what was started --- */

/*
 * A word for each program, at the place that its hash gives it; another
 * program may take that.  The lowest bit is set if compiling it failed.
 */
#define STARTS ".starts"
#define PLACES 4096

static uint64_t hash(const struct cache_key *key)
{
	uint64_t h = cache_hash(0, key->identity, strlen(key->identity));

	/* 0 is an empty place */
	return (cache_hash(h, key->image, key->size) & ~1ull) | 2;
}

static int open_starts(int cache)
{
	return openat(cache, STARTS, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static off_t place(uint64_t h)
{
	return (h >> 1) % PLACES * sizeof(h);
}

static void put(int fd, uint64_t h, bool failed)
{
	uint64_t word = h | failed;

	if (TEMP_FAILURE_RETRY(pwrite(fd, &word, sizeof(word), place(h))) < 0)
		return;	/* a full disk: then it is not optimized */
}

bool background_started(int cache, const struct cache_key *key)
{
	uint64_t h = hash(key), word = 0;
	int fd = open_starts(cache);
	bool found;

	if (fd < 0)
		return false;
	found = TEMP_FAILURE_RETRY(pread(fd, &word, sizeof(word), place(h))) == sizeof(word) &&
		(word & ~1ull) == h;
	if (!found)
		put(fd, h, false);
	close(fd);
	return found;
}

void background_failed(int cache, const struct cache_key *key)
{
	int fd = open_starts(cache);

	if (fd < 0)
		return;
	put(fd, hash(key), true);
	close(fd);
}

static bool has_failed(int cache, const struct cache_key *key)
{
	uint64_t h = hash(key), word = 0;
	int fd = open_starts(cache);
	bool failed;

	if (fd < 0)
		return false;
	failed = TEMP_FAILURE_RETRY(pread(fd, &word, sizeof(word), place(h))) == sizeof(word) &&
		word == (h | 1);
	close(fd);
	return failed;
}

/* --- to begin --- */

/*
 * Locked by the process that optimizes, which inherits it locked; so the lock
 * ends with it, however that ends.
 */
#define LOCK ".background"
#define LARGE_LOCK ".background-large"
#define LOCK_FD 3

/* Bytes of an image that takes long to compile. */
#define LARGE (512 << 10)

static int take_lock(int cache, size_t size)
{
	const char *name = size > LARGE ? LARGE_LOCK : LOCK;
	int fd = openat(cache, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void background_begin(int cache, const struct cache_key *key)
{
	char muslin[PATH_MAX];
	char *argv[] = {
		muslin, "compile", "--background", "--", (char *)key->program, NULL,
	};
	int lock, image;

	if (has_failed(cache, key) || !compiler_find_muslin(muslin, sizeof(muslin)))
		return;
	lock = take_lock(cache, key->size);
	if (lock < 0)
		return;
	image = memory_file(key->image, key->size);
	if (image >= 0) {
		if (memory_file_seal(image))
			child_leave(argv, image, lock);
		close(image);
	}
	close(lock);
}

/* --- the process --- */

/* Nothing that anybody waits for. */
static void be_modest(void)
{
	const struct sched_param none = { 0 };

	setpriority(PRIO_PROCESS, 0, 19);
	sched_setscheduler(0, SCHED_IDLE, &none);
	/* ioprio_set(IOPRIO_WHO_PROCESS, this one, IOPRIO_CLASS_IDLE) */
	syscall(SYS_ioprio_set, 1, 0, 3 << 13);
}

/*
 * Temporary files are in the cache, where the next one finds them if this is
 * killed.  One of another size may be at work: its directory is locked.
 */
static void use_cache_for_files(void)
{
	char path[PATH_MAX];

	if (cache_path(path, sizeof(path)))
		return;
	workdir_sweep(path, -1);
	setenv("TMPDIR", path, 1);
}

/* This process is a builder for whom nobody waits. */
static int compile_image(const char *program)
{
	struct build_request request = {
		.type = BUILD_PROGRAM, .tier = MUSLIN_TIER_OPTIMIZED,
	};
	int64_t size = memory_file_size(0);
	struct build b = { .request = &request, .size = size, .client = -1 };
	void *image = MAP_FAILED;

	snprintf(request.name, sizeof(request.name), "%s", program);
	if (size > 0)
		image = mmap(NULL, size, PROT_READ, MAP_PRIVATE, 0, 0);
	if (image == MAP_FAILED)
		return -ENOMEM;
	b.image = image;
	build(&b);
	return b.result.error;
}

int background_run(const char *program)
{
	/* compilers are not to keep it */
	if (fcntl(LOCK_FD, F_SETFD, FD_CLOEXEC) ||
	    flock(LOCK_FD, LOCK_EX | LOCK_NB))
		return -EINVAL;
	be_modest();
	use_cache_for_files();
	return compile_image(program);
}
