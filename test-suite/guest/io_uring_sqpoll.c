/* SPDX-License-Identifier: MIT */
/* Bug: the thread of IORING_SETUP_SQPOLL spun without ever seeing a timer's interrupt. */
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <time.h>
#include "io_uring.h"

int main(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	volatile unsigned int *tail, *flags, *done;

	p.flags = IORING_SETUP_SQPOLL;
	p.sq_thread_idle = 20;
	if (!set_up_ring())
		return 1;
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
