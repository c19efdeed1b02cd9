/* SPDX-License-Identifier: MIT */
/* What a disk's thread does: system calls on its file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "disk/impl.h"

/* The first n bytes of v are done: what is left of it begins at the result. */
static uint32_t advance(struct iovec *v, uint32_t at, uint32_t count, size_t n)
{
	for (; at < count && n >= v[at].iov_len; at++)
		n -= v[at].iov_len;
	if (n) {
		v[at].iov_base = (char *)v[at].iov_base + n;
		v[at].iov_len -= n;
	}
	return at;
}

/* Behind the file's end there are zeroes: it may end within a block, or be cut. */
static void clear(struct iovec *v, uint32_t at, uint32_t count)
{
	for (; at < count; at++)
		memset(v[at].iov_base, 0, v[at].iov_len);
}

static int move(int fd, struct disk_request *r)
{
	int flags = r->op == HOST_DISK_WRITE_FUA ? RWF_DSYNC : 0;
	uint64_t offset = r->offset;
	uint32_t at = 0;
	ssize_t n;

	while (at < r->nsegments) {
		if (r->op == HOST_DISK_READ)
			n = preadv(fd, r->segments + at, r->nsegments - at, offset);
		else
			n = pwritev2(fd, r->segments + at, r->nsegments - at, offset, flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n && r->op != HOST_DISK_READ)
			return -EIO;
		if (!n) {
			clear(r->segments, at, r->nsegments);
			break;
		}
		at = advance(r->segments, at, r->nsegments, n);
		offset += n;
	}
	return 0;
}

static int flush(int fd)
{
	int r;

	do
		r = fdatasync(fd);
	while (r && errno == EINTR);
	return r ? -errno : 0;
}

static int punch(int fd, const struct disk_request *r)
{
	int e;

	do
		e = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, r->offset, r->length);
	while (e && errno == EINTR);
	return e ? -errno : 0;
}

/* Where they have room already it stays theirs; a hole is zeroes, too. */
static int zero(int fd, const struct disk_request *r)
{
	int e;

	do
		e = fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, r->offset, r->length);
	while (e && errno == EINTR);
	return e ? punch(fd, r) : 0;
}

int disk_do(int fd, struct disk_request *r)
{
	switch (r->op) {
	case HOST_DISK_FLUSH:
		return flush(fd);
	case HOST_DISK_TRIM:
		return punch(fd, r);
	case HOST_DISK_ZERO:
		return zero(fd, r);
	default:
		return move(fd, r);
	}
}
