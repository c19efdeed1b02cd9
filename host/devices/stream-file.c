/* SPDX-License-Identifier: MIT */
/* Streams that are regular files: what can be done with them beside reading and writing. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/stat.h"
#include "devices/stream.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"

/* Its descriptor, or -1: it is none, or no regular file. */
static int regular(struct muslin *m, u32 n)
{
	struct stream *s = stream_get(m, n);

	return s->kind == STREAM_FILE && s->regular ? s->fd : -1;
}

u32 w2c_host_stream_stat(struct w2c_host *h, u32 n, u32 stat)
{
	struct muslin *m = machine(h);
	struct host_stat *st = kmem_struct(m, stat, struct host_stat);
	int fd = regular(m, n);
	struct statx x;

	if (fd < 0)
		return -ENODEV;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &x))
		return -errno;
	*st = host_stat(&x);
	return 0;
}

/* The same for len bytes, or an error. */
static int transferring(struct muslin *m, u32 n, u32 len)
{
	int fd = regular(m, n);

	if (fd < 0)
		return -ENODEV;
	return len > INT32_MAX ? -EINVAL : fd;
}

u32 w2c_host_stream_pread(struct w2c_host *h, u32 n, u32 buf, u32 len, u64 offset)
{
	struct muslin *m = machine(h);
	void *p = kmem(m, buf, len);
	int fd = transferring(m, n, len);
	ssize_t r;

	if (fd < 0)
		return fd;
	r = TEMP_FAILURE_RETRY(pread(fd, p, len, offset));
	return r < 0 ? -errno : r;
}

u32 w2c_host_stream_pwrite(struct w2c_host *h, u32 n, u32 buf, u32 len, u64 offset)
{
	struct muslin *m = machine(h);
	const void *p = kmem(m, buf, len);
	int fd = transferring(m, n, len);
	ssize_t r, room;

	if (fd < 0)
		return fd;
	room = stream_room(m, len);
	if (room < 0)
		return room;
	r = TEMP_FAILURE_RETRY(pwrite(fd, p, room, offset));
	return r < 0 ? -errno : stream_wrote(m, r);
}

u32 w2c_host_stream_truncate(struct w2c_host *h, u32 n, u64 size)
{
	struct muslin *m = machine(h);
	int fd = regular(m, n);
	struct stat st;

	if (fd < 0)
		return -ENODEV;
	/* what is not written takes no room, but may be the next reader's */
	if (m->limits.output_limited &&
	    (fstat(fd, &st) || size > (uint64_t)st.st_size + m->limits.output))
		return -ENOSPC;
	return TEMP_FAILURE_RETRY(ftruncate(fd, size)) ? -errno : 0;
}

u32 w2c_host_stream_sync(struct w2c_host *h, u32 n, u32 datasync)
{
	int fd = regular(machine(h), n);

	if (fd < 0)
		return -ENODEV;
	return TEMP_FAILURE_RETRY(datasync ? fdatasync(fd) : fsync(fd)) ? -errno : 0;
}
