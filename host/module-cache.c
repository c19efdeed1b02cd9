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
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "module-cache.h"

/* At the end of an entry, after shared object, image and identity. */
struct trailer {
	char magic[8];
	uint64_t so_size, image_size, identity_size;
	uint64_t so_hash;
};

static const char magic[8] = "muslin1";

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

static bool directory(char *path, size_t n)
{
	const char *dir = getenv("MUSLIN_CACHE");
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int len;

	if (dir && *dir)
		len = snprintf(path, n, "%s", dir);
	else if (xdg && *xdg == '/')
		len = snprintf(path, n, "%s/muslin", xdg);
	else if (home && *home == '/')
		len = snprintf(path, n, "%s/.cache/muslin", home);
	else
		return false;
	return len < (int)n;
}

static void make_directories(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		mkdir(path, 0700);
		*p = '/';
	}
	mkdir(path, 0700);
}

int cache_open(void)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if (!directory(path, sizeof(path)))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		make_directories(path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 022))
		return fd;
	close(fd);
	return -EPERM;
}

static void entry_name(const struct cache_key *key, char name[32])
{
	uint64_t h = cache_hash(0, key->identity, strlen(key->identity));

	h = cache_hash(h, key->image, key->size);
	snprintf(name, 32, "%016llx.so", (unsigned long long)h);
}

/* Is this mapped file what it claims to be?  Of another key: false, too. */
static bool matches(const char *p, size_t size, const struct cache_key *key,
		    bool *damaged)
{
	struct trailer t;
	size_t left = size - sizeof(t), n = strlen(key->identity);

	memcpy(&t, p + left, sizeof(t));
	*damaged = memcmp(t.magic, magic, sizeof(magic)) || t.so_size > left ||
		   t.image_size > left - t.so_size ||
		   t.identity_size != left - t.so_size - t.image_size ||
		   cache_hash(0, p, t.so_size) != t.so_hash;
	return !*damaged && t.image_size == key->size && t.identity_size == n &&
	       !memcmp(p + t.so_size, key->image, key->size) &&
	       !memcmp(p + t.so_size + key->size, key->identity, n);
}

int cache_get(int dir, const struct cache_key *key)
{
	bool damaged = true, found = false;
	char name[32], *p;
	struct stat st;
	int fd;

	entry_name(key, name);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -ENOENT;
	if (!fstat(fd, &st) && st.st_size >= (off_t)sizeof(struct trailer)) {
		p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE,
			 fd, 0);
		if (p != MAP_FAILED) {
			found = matches(p, st.st_size, key, &damaged);
			munmap(p, st.st_size);
		}
	}
	if (found)
		return fd;
	close(fd);
	if (damaged)
		unlinkat(dir, name, 0);
	return -ENOENT;
}

static int write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		size -= n;
	}
	return 0;
}

static int write_parts(int fd, const struct cache_key *key, const void *so,
		       size_t size)
{
	struct trailer t = {
		.so_size = size, .image_size = key->size,
		.identity_size = strlen(key->identity),
		.so_hash = cache_hash(0, so, size),
	};
	int r;

	memcpy(t.magic, magic, sizeof(magic));
	r = write_all(fd, so, size);
	if (!r)
		r = write_all(fd, key->image, key->size);
	if (!r)
		r = write_all(fd, key->identity, t.identity_size);
	if (!r)
		r = write_all(fd, &t, sizeof(t));
	return r;
}

/* A file that is larger than allowed is an error here, not a signal. */
static int write_entry(int fd, const struct cache_key *key, const void *so,
		       size_t size)
{
	static const struct timespec at_once;
	sigset_t xfsz, old;
	int r;

	sigemptyset(&xfsz);
	sigaddset(&xfsz, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &xfsz, &old);
	r = write_parts(fd, key, so, size);
	if (r == -EFBIG)
		sigtimedwait(&xfsz, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

int cache_put(int dir, const struct cache_key *key, const void *so, size_t size)
{
	char name[32], tmp[64];
	int fd, r;

	entry_name(key, name);
	/* the thread's id: two threads may do the same, too */
	snprintf(tmp, sizeof(tmp), "%s.%d", name, (int)gettid());
	unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_entry(fd, key, so, size);
	if (close(fd) && !r)
		r = -errno;
	if (!r && renameat(dir, tmp, dir, name))
		r = -errno;
	if (r)
		unlinkat(dir, tmp, 0);
	return r;
}
