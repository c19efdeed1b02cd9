/* SPDX-License-Identifier: MIT */
/* A request as a thread of host/disk/disk.c has it: it was checked. */
#ifndef DISK_IMPL_H
#define DISK_IMPL_H

#include <stdint.h>
#include <sys/uio.h>

#include "host_page.h"

struct disk_request {
	uint32_t op;		/* HOST_DISK_* */
	uint32_t length, nsegments;
	uint64_t offset;
	struct iovec segments[HOST_DISK_SEGMENTS];	/* changed as it is done */
};

/* type.c */
const char *disk_type_of(int fd);

/* Does it: 0 or -errno.  May take as long as the host's disk does. */
int disk_do(int fd, struct disk_request *r);

#endif
