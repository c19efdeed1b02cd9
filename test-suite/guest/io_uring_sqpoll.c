/* SPDX-License-Identifier: MIT */
/* Bug: the thread of IORING_SETUP_SQPOLL spun without ever seeing a timer's interrupt. */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 20 };
static int ring;

static void *map(size_t n, long long offset)
{
	return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
}

int main(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	volatile unsigned int *tail, *flags, *done;
	struct io_uring_sqe *sqes;
	char *sq, *cq;

	ring = syscall(SYS_io_uring_setup, 8, &p);
	t_check(ring >= 0);
	if (ring < 0)
		return 1;
	sq = map(p.sq_off.array + p.sq_entries * 4, IORING_OFF_SQ_RING);
	cq = map(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	sqes = map(p.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
	t_check(sq != MAP_FAILED && cq != MAP_FAILED && sqes != MAP_FAILED);
	tail = (void *)(sq + p.sq_off.tail);
	flags = (void *)(sq + p.sq_off.flags);
	done = (void *)(cq + p.cq_off.tail);

	/* The thread gets what is written here, no system call tells it. */
	sqes[0] = (struct io_uring_sqe){ .opcode = IORING_OP_NOP, .fd = -1 };
	*tail = *tail + 1;
	for (int i = 0; i < 5000 && !*done; i++)
		nanosleep(&ms, NULL);
	t_check(*done == 1);

	/* It goes to sleep when it has had nothing to do for 20 ms. */
	for (int i = 0; i < 5000 && !(*flags & IORING_SQ_NEED_WAKEUP); i++)
		nanosleep(&ms, NULL);
	t_check(*flags & IORING_SQ_NEED_WAKEUP);

	/* A loop in user space beside one that spins: both run. */
	t_check(syscall(SYS_io_uring_enter, ring, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0) == 0);
	for (clock_t end = clock() + CLOCKS_PER_SEC / 20; clock() < end; )
		;
	return t_status;
}
