/* SPDX-License-Identifier: MIT */
/*
 * Compiled programs, kept in a directory.  An entry is one file: the shared
 * object, and behind it what it was made from, which is compared to the
 * byte; so the hash in its name need not be a strong one.
 *
 * An entry never changes.  It is made under another name and renamed, and
 * readers copy it; so it can be replaced and removed at any time.  The time of
 * its last access is that of its last use, which we set ourselves.
 */
#ifndef MUSLIN_MODULE_CACHE_H
#define MUSLIN_MODULE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct cache_key {
	const void *image;
	size_t size;
	const char *identity;	/* of the compiler */
	const char *program;	/* for lists of what there is; not compared */
};

uint64_t cache_hash(uint64_t seed, const void *data, size_t size);

/* --- cache/dir.c --- */

/*
 * MUSLIN_CACHE, muslin in XDG_CACHE_HOME, or ~/.cache/muslin.  0, -ENOENT or
 * -ENAMETOOLONG.
 */
int cache_path(char *path, size_t n);
/* How many bytes may be in it: MUSLIN_CACHE_SIZE.  0 or -EINVAL. */
int cache_limit(uint64_t *limit);
/*
 * A descriptor of the directory, or -errno; error says why.  Since what is in
 * it will run, one where other users could put something is not used: -EPERM.
 * -EINVAL: the user has made a mistake.
 */
int cache_open(bool make, char *error, size_t n);

/* --- cache/secret.c --- */

#define CACHE_SECRET_SIZE 32

/*
 * Random bytes that are this directory's, made when they are first needed; 0, or
 * -errno and why in error.
 */
int cache_secret(bool make, uint8_t secret[CACHE_SECRET_SIZE], char *error, size_t n);

/* --- cache/cache.c --- */

/*
 * 0 and a copy of the shared object, to be freed; or -ENOENT.  Removes a
 * damaged entry.
 */
int cache_get(int dir, const struct cache_key *key, void **so, size_t *size);
/* Is there an entry, though perhaps a damaged one? */
bool cache_has(int dir, const struct cache_key *key);
/*
 * All or nothing, also if others do the same at the same time.  Makes room by
 * removing what was not used for longest.
 */
int cache_put(int dir, const struct cache_key *key, const void *so, size_t size);

/*
 * Until cache_unlock(), or our death, no other process is between these two with
 * the same key.  waiting is called if one is.  A descriptor; or -1, and nobody is
 * waited for: nothing can be kept here.
 */
int cache_lock(int dir, const struct cache_key *key, void (*waiting)(void *arg),
	       void *arg);
void cache_unlock(int dir, const struct cache_key *key, int fd);

/*
 * A new file that gets its name, of CACHE_NAME_SIZE bytes, when write has written
 * all of it, or is removed.
 */
int cache_add(int dir, const char *name, mode_t mode,
	      int (*write)(void *arg, int fd), void *arg);
/* What write returns; where it writes more than allowed, that is -EFBIG. */
int cache_write(int (*write)(void *arg, int fd), void *arg, int fd);
/* It is used now: it is not the first to go when room is needed. */
void cache_touch(int fd);

#define CACHE_NAME_SIZE 24
/* of what cache_lock() makes, and removes unless it is killed */
#define CACHE_LOCK_SUFFIX ".lock"
/* A boot image, image.h: it is not read here, but takes room as all others. */
#define CACHE_BOOT_SUFFIX ".boot"

/* Opens an entry, or what has its name; -ENOENT if it is not one of ours. */
int cache_open_entry(int dir, const char *name, uint64_t *size);
/* What its key had; NULL if it is damaged.  To be freed. */
char *cache_program(int fd, uint64_t size);

/* --- cache/jobs.c --- */

struct muslin_compiling;

/* Something that is being compiled. */
struct cache_job {
	int lock;		/* a descriptor, which others only read; -1: none */
	char name[CACHE_NAME_SIZE];
};

/* From now on others can see it, and the last line that was told. */
void cache_job_begin(int dir, const char *program, struct cache_job *job);
void cache_job_tell(int dir, const struct cache_job *job, const char *line);
void cache_job_end(int dir, struct cache_job *job);
/*
 * Calls fn, which may be NULL, for each until it returns what is not 0, and
 * removes those of processes that were killed.
 */
int cache_jobs(int dir, int (*fn)(void *arg, const struct muslin_compiling *c),
	       void *arg);

/* --- cache/entries.c --- */

struct cache_entry {
	char name[CACHE_NAME_SIZE];
	uint64_t size;
	time_t made;
	struct timespec used;
};

/* All entries, the one used least recently first: their number, or -errno. */
ssize_t cache_list(int dir, struct cache_entry **list);
/*
 * Removes what was not used for longest, but not keep, until there are at
 * most limit bytes.
 */
void cache_trim(int dir, uint64_t limit, const char *keep);

#endif
