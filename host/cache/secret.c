/* SPDX-License-Identifier: MIT */
/* What only this user's muslin knows: boot images are signed with it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cache/cache.h"

#define NAME ".key"

static int random_bytes(uint8_t *p, size_t n)
{
	ssize_t r;

	for (; n; n -= r, p += r) {
		r = getrandom(p, n, 0);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			r = 0;
	}
	return 0;
}

/* One that others can read is no secret, one that they can write not ours. */
static bool is_secret(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		!(st.st_mode & 077) && st.st_nlink <= 1 &&
		st.st_size == CACHE_SECRET_SIZE;
}

static int read_secret(int dir, uint8_t secret[CACHE_SECRET_SIZE])
{
	int fd = openat(dir, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (!is_secret(fd)) {
		r = -EPERM;
	} else {
		do
			n = pread(fd, secret, CACHE_SECRET_SIZE, 0);
		while (n < 0 && errno == EINTR);
		if (n != CACHE_SECRET_SIZE)
			r = n < 0 ? -errno : -EIO;
	}
	close(fd);
	return r;
}

static int write_secret(void *secret, int fd)
{
	ssize_t n;

	do
		n = write(fd, secret, CACHE_SECRET_SIZE);
	while (n < 0 && errno == EINTR);
	if (n != CACHE_SECRET_SIZE)
		return n < 0 ? -errno : -ENOSPC;
	return 0;
}

/* Others may be about to make one, too: the first has made it, for all of us. */
static int make_secret(int dir, uint8_t secret[CACHE_SECRET_SIZE])
{
	char name[CACHE_NAME_SIZE] = NAME;
	int r;

	/* until dir is closed; without locks on this file system, hope */
	while (flock(dir, LOCK_EX) && errno == EINTR)
		;
	r = read_secret(dir, secret);
	if (r != -ENOENT)
		return r;
	r = random_bytes(secret, CACHE_SECRET_SIZE);
	if (!r)
		r = cache_add(dir, name, 0600, write_secret, secret);
	return r ? r : read_secret(dir, secret);
}

int cache_secret(bool make, uint8_t secret[CACHE_SECRET_SIZE], char *error, size_t n)
{
	int r, dir = cache_open(make, error, n);

	if (dir < 0)
		return dir;
	r = read_secret(dir, secret);
	if (r == -ENOENT && make)
		r = make_secret(dir, secret);
	close(dir);
	if (r == -EPERM)
		snprintf(error, n, "its " NAME " is not used: not ours alone");
	else if (r)
		snprintf(error, n, NAME ": %s", strerror(-r));
	return r;
}
