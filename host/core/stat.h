/* SPDX-License-Identifier: MIT */
/* What the kernel is told of a file of the host. */
#ifndef MUSLIN_CORE_STAT_H
#define MUSLIN_CORE_STAT_H

#include <sys/stat.h>
#include "host_stat.h"

static inline struct host_time host_time(const struct statx_timestamp *t)
{
	return (struct host_time){ .sec = t->tv_sec, .nsec = t->tv_nsec };
}

/* All but devices' numbers, and whether it has just changed. */
static inline struct host_stat host_stat(const struct statx *x)
{
	struct host_stat st = {
		.ino = x->stx_ino,
		.size = x->stx_size,
		.blocks = x->stx_blocks,
		.blksize = x->stx_blksize,
		.mode = x->stx_mode,
		.nlink = x->stx_nlink,
		.uid = x->stx_uid,
		.gid = x->stx_gid,
		.atime = host_time(&x->stx_atime),
		.mtime = host_time(&x->stx_mtime),
		.ctime = host_time(&x->stx_ctime),
	};

	if (x->stx_mask & STATX_BTIME)
		st.btime = host_time(&x->stx_btime);
	return st;
}

#endif
