/* SPDX-License-Identifier: MIT */
/* Streams that are regular files: what can be done with them beside reading and writing. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/stream.h"
#include "host_stat.h"
#include "machine/kernel.h"
#include "machine/machine.h"

/* Its descriptor, or -1: it is none, or no regular file. */
static int regular(struct muslin *m, u32 n)
{
	struct stream *s = stream_get(m, n);

	return s->kind == STREAM_FILE && s->regular ? s->fd : -1;
}

static struct host_time time_of(const struct statx_timestamp *t)
{
	return (struct host_time){ .sec = t->tv_sec, .nsec = t->tv_nsec };
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
	*st = (struct host_stat){
		.ino = x.stx_ino,
		.size = x.stx_size,
		.blocks = x.stx_blocks,
		.blksize = x.stx_blksize,
		.mode = x.stx_mode,
		.nlink = x.stx_nlink,
		.uid = x.stx_uid,
		.gid = x.stx_gid,
		.atime = time_of(&x.stx_atime),
		.mtime = time_of(&x.stx_mtime),
		.ctime = time_of(&x.stx_ctime),
	};
	if (x.stx_mask & STATX_BTIME)
		st->btime = time_of(&x.stx_btime);
	return 0;
}

u32 w2c_host_stream_pread(struct w2c_host *h, u32 n, u32 buf, u32 len, u64 offset)
{
	struct muslin *m = machine(h);
	void *p = kmem(m, buf, len);
	int fd = regular(m, n);
	ssize_t r;

	if (fd < 0)
		return -ENODEV;
	if (len > INT32_MAX)
		return -EINVAL;
	r = TEMP_FAILURE_RETRY(pread(fd, p, len, offset));
	return r < 0 ? -errno : r;
}

u32 w2c_host_stream_pwrite(struct w2c_host *h, u32 n, u32 buf, u32 len, u64 offset)
{
	struct muslin *m = machine(h);
	const void *p = kmem(m, buf, len);
	int fd = regular(m, n);
	ssize_t r;

	if (fd < 0)
		return -ENODEV;
	if (len > INT32_MAX)
		return -EINVAL;
	r = TEMP_FAILURE_RETRY(pwrite(fd, p, len, offset));
	return r < 0 ? -errno : r;
}

u32 w2c_host_stream_truncate(struct w2c_host *h, u32 n, u64 size)
{
	int fd = regular(machine(h), n);

	if (fd < 0)
		return -ENODEV;
	return TEMP_FAILURE_RETRY(ftruncate(fd, size)) ? -errno : 0;
}

u32 w2c_host_stream_sync(struct w2c_host *h, u32 n, u32 datasync)
{
	int fd = regular(machine(h), n);

	if (fd < 0)
		return -ENODEV;
	return TEMP_FAILURE_RETRY(datasync ? fdatasync(fd) : fsync(fd)) ? -errno : 0;
}
