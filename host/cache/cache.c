/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "core/memory-file.h"
#include "cache/cache.h"

#define CACHE_USE_SECONDS 60

/* At the end of an entry. */
struct trailer {
	char magic[8];
	uint64_t so_size, image_size, identity_size, program_size;
	uint64_t so_hash;
};

static const char magic[8] = "muslin2";

/* Multiplies, and folds the high half in, so that every bit matters. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

uint64_t cache_hash(uint64_t seed, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t h = seed ^ 0x9e3779b97f4a7c15, word;
	size_t n = size;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = mix(h ^ word, 0xd6e8feb86659fd93);
	}
	word = 0;
	memcpy(&word, p, n);
	h = mix(h ^ word, 0xa0761d6478bd642f);
	return mix(h ^ size, 0xe7037ed1a0b428db);
}

static void file_name(const struct cache_key *key, const char *suffix,
		      char name[CACHE_NAME_SIZE])
{
	uint64_t h = cache_hash(0, key->identity, strlen(key->identity));

	h = cache_hash(h, key->image, key->size);
	snprintf(name, CACHE_NAME_SIZE, "%016llx%s", (unsigned long long)h, suffix);
}

static void entry_name(const struct cache_key *key, char name[CACHE_NAME_SIZE])
{
	file_name(key, ".so", name);
}

/* --- locks --- */

int cache_lock(int dir, const struct cache_key *key, void (*waiting)(void *arg),
	       void *arg)
{
	char name[CACHE_NAME_SIZE];
	uint64_t limit;
	struct stat st;
	int fd;

	if (cache_limit(&limit) || !limit)
		return -1;
	file_name(key, CACHE_LOCK_SUFFIX, name);
	for (;;) {
		fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			if (errno == EWOULDBLOCK)
				waiting(arg);
			while (flock(fd, LOCK_EX) && errno == EINTR)
				;
		}
		if (!fstat(fd, &st) && st.st_nlink)
			return fd;
		/* whoever had it has removed it, and others have another one */
		close(fd);
	}
}

void cache_unlock(int dir, const struct cache_key *key, int fd)
{
	char name[CACHE_NAME_SIZE];

	file_name(key, CACHE_LOCK_SUFFIX, name);
	unlinkat(dir, name, 0);
	close(fd);
}

/* --- reading --- */

/* Behind the shared object are image, identity, program and the trailer. */
static bool plausible(const struct trailer *t, uint64_t size)
{
	uint64_t left = size - sizeof(*t);

	if (memcmp(t->magic, magic, sizeof(magic)) || t->so_size > left)
		return false;
	left -= t->so_size;
	if (t->image_size > left)
		return false;
	left -= t->image_size;
	return t->identity_size <= left &&
	       t->program_size == left - t->identity_size;
}

/* Is this entry what it claims to be?  Of another key: false, too. */
static bool matches(const char *p, uint64_t size, const struct cache_key *key,
		    struct trailer *t, bool *damaged)
{
	size_t n = strlen(key->identity);

	memcpy(t, p + size - sizeof(*t), sizeof(*t));
	*damaged = !plausible(t, size) || cache_hash(0, p, t->so_size) != t->so_hash;
	return !*damaged && t->image_size == key->size && t->identity_size == n &&
	       !memcmp(p + t->so_size, key->image, key->size) &&
	       !memcmp(p + t->so_size + key->size, key->identity, n);
}

/*
 * Only a file of ours that nobody else can have written to.  It may have
 * been removed since: no link.
 */
int cache_open_entry(int dir, const char *name, uint64_t *size)
{
	/* not to wait for what is no file, nor to look like a use of it */
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
			O_NONBLOCK | O_NOATIME);
	struct stat st;

	if (fd < 0)
		return -ENOENT;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)) && st.st_nlink <= 1) {
		*size = st.st_size;
		return fd;
	}
	close(fd);
	return -ENOENT;
}

/* A cache on a disk that is asleep need not wake it for every start. */
void cache_touch(int fd)
{
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_OMIT },
	};
	struct stat st;

	if (!fstat(fd, &st) && (st.st_atime < time(NULL) - CACHE_USE_SECONDS ||
				st.st_atime > time(NULL)))
		futimens(fd, times);
}

static char *read_all(int fd, uint64_t size)
{
	char *p = malloc(size);
	ssize_t n;

	for (uint64_t have = 0; p && have < size; have += n) {
		n = read(fd, p + have, size - have);
		if (n < 0 && errno == EINTR) {
			n = 0;
		} else if (n <= 0) {
			free(p);
			return NULL;
		}
	}
	return p;
}

int cache_get(int dir, const struct cache_key *key, void **so, size_t *so_size)
{
	char name[CACHE_NAME_SIZE], *p;
	bool damaged, found = false;
	struct trailer t;
	uint64_t size;
	int fd;

	entry_name(key, name);
	fd = cache_open_entry(dir, name, &size);
	if (fd < 0)
		return fd;
	damaged = size < sizeof(t);
	p = damaged ? NULL : read_all(fd, size);
	if (p)
		found = matches(p, size, key, &t, &damaged);
	if (found)
		cache_touch(fd);
	else if (damaged)
		unlinkat(dir, name, 0);
	close(fd);
	if (!found) {
		free(p);
		return -ENOENT;
	}
	*so = p;
	*so_size = t.so_size;
	return 0;
}

bool cache_has(int dir, const struct cache_key *key)
{
	char name[CACHE_NAME_SIZE];

	entry_name(key, name);
	return !faccessat(dir, name, R_OK, AT_SYMLINK_NOFOLLOW);
}

char *cache_program(int fd, uint64_t size)
{
	struct trailer t;
	char *program;

	if (size < sizeof(t) ||
	    pread(fd, &t, sizeof(t), size - sizeof(t)) != sizeof(t) ||
	    !plausible(&t, size) || t.program_size > PATH_MAX)
		return NULL;
	program = calloc(1, t.program_size + 1);
	if (program && pread(fd, program, t.program_size, size - sizeof(t) -
			     t.program_size) != (ssize_t)t.program_size) {
		free(program);
		return NULL;
	}
	return program;
}

/* --- writing --- */

struct entry {
	const struct cache_key *key;
	const void *so;
	size_t size;
};

static int write_entry(void *arg, int fd)
{
	const struct entry *e = arg;
	const struct cache_key *key = e->key;
	struct trailer t = {
		.so_size = e->size, .image_size = key->size,
		.identity_size = strlen(key->identity),
		.program_size = strlen(key->program),
		.so_hash = cache_hash(0, e->so, e->size),
	};
	const struct { const void *data; size_t size; } part[] = {
		{ e->so, e->size }, { key->image, key->size },
		{ key->identity, t.identity_size }, { key->program, t.program_size },
		{ &t, sizeof(t) },
	};
	uint64_t at = 0;
	int r = 0;

	memcpy(t.magic, magic, sizeof(magic));
	for (size_t i = 0; i < sizeof(part) / sizeof(*part) && !r; at += part[i++].size)
		r = write_all(fd, part[i].data, part[i].size, at);
	return r;
}

/* A file that is larger than allowed is an error here, not a signal. */
int cache_write(int (*write)(void *arg, int fd), void *arg, int fd)
{
	static const struct timespec at_once;
	sigset_t xfsz, old;
	int r;

	sigemptyset(&xfsz);
	sigaddset(&xfsz, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &xfsz, &old);
	r = write(arg, fd);
	if (r == -EFBIG)
		sigtimedwait(&xfsz, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

int cache_add(int dir, const char *name, mode_t mode,
	      int (*write)(void *arg, int fd), void *arg)
{
	char tmp[CACHE_NAME_SIZE];
	uint64_t random;
	int fd, r;

	/* not a number of this process: it may have another one elsewhere */
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(tmp, sizeof(tmp), "%016llx.tmp", (unsigned long long)random);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = cache_write(write, arg, fd);
	if (close(fd) && !r)
		r = -errno;
	if (!r && renameat(dir, tmp, dir, name))
		r = -errno;
	if (r)
		unlinkat(dir, tmp, 0);
	return r;
}

int cache_put(int dir, const struct cache_key *key, const void *so, size_t size)
{
	struct entry e = { key, so, size };
	char name[CACHE_NAME_SIZE];
	uint64_t limit;
	int r = cache_limit(&limit);

	if (r)
		return r;
	if (size + key->size + strlen(key->identity) + strlen(key->program) +
	    sizeof(struct trailer) > limit)
		return -EFBIG;
	entry_name(key, name);
	r = cache_add(dir, name, 0400, write_entry, &e);
	if (!r)
		cache_trim(dir, limit, name);
	return r;
}
