/* SPDX-License-Identifier: MIT */
/*
 * Compiled programs, kept in a directory.  An entry is one file: the shared
 * object, and behind it what it was made from, which is compared to the
 * byte; so the hash in its name need not be a strong one.
 */
#ifndef MUSLIN_MODULE_CACHE_H
#define MUSLIN_MODULE_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct cache_key {
	const void *image;
	size_t size;
	const char *identity;	/* of the compiler */
};

uint64_t cache_hash(uint64_t seed, const void *data, size_t size);

/*
 * A descriptor of the directory, or -errno: MUSLIN_CACHE, muslin in
 * XDG_CACHE_HOME, or ~/.cache/muslin.  One that others may write to is not
 * used, since what is in it will run.
 */
int cache_open(void);
/* A descriptor of the shared object, or -ENOENT.  Removes a damaged entry. */
int cache_get(int dir, const struct cache_key *key);
/* All or nothing, also if others do the same at the same time. */
int cache_put(int dir, const struct cache_key *key, const void *so, size_t size);

#endif
