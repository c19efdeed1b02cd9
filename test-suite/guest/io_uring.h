/* SPDX-License-Identifier: MIT */
/* A ring of io_uring, and what a program has of it in its memory. */
#ifndef IO_URING_H
#define IO_URING_H

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

static struct io_uring_params p;	/* flags are the program's to set */
static char *sq, *cq;
static struct io_uring_sqe *sqes;
static int ring;

static void *map(size_t n, long long offset)
{
	return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
}

/* 0: there is none. */
static int set_up_ring(void)
{
	ring = syscall(SYS_io_uring_setup, 8, &p);
	t_check(ring >= 0);
	if (ring < 0)
		return 0;
	sq = map(p.sq_off.array + p.sq_entries * 4, IORING_OFF_SQ_RING);
	cq = map(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	sqes = map(p.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
	t_check(sq != MAP_FAILED && cq != MAP_FAILED && sqes != MAP_FAILED);
	return 1;
}

#endif
