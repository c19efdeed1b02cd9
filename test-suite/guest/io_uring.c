/* SPDX-License-Identifier: MIT */
/* io_uring: a no-op, a read, and one that a worker of the kernel waits for. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include "io_uring.h"

static struct io_uring_cqe submit(int op, int fd, void *buf, unsigned int n, int flags)
{
	unsigned int *tail = (void *)(sq + p.sq_off.tail), *head = (void *)(cq + p.cq_off.head);
	unsigned int mask = *(unsigned int *)(sq + p.sq_off.ring_mask), i = *tail & mask;
	unsigned int cmask = *(unsigned int *)(cq + p.cq_off.ring_mask);
	struct io_uring_cqe c;

	sqes[i] = (struct io_uring_sqe){
		.opcode = op, .fd = fd, .addr = (uintptr_t)buf, .len = n, .flags = flags,
		.user_data = 1000 + op,
	};
	((unsigned int *)(sq + p.sq_off.array))[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	t_check(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	c = ((struct io_uring_cqe *)(cq + p.cq_off.cqes))[*head & cmask];
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	t_check(c.user_data == 1000u + op);
	return c;
}

int main(void)
{
	char buf[8] = "";
	int fd[2];

	if (!set_up_ring())
		return 1;

	t_check(submit(IORING_OP_NOP, -1, NULL, 0, 0).res == 0);
	t_check(!pipe(fd));
	t_check(submit(IORING_OP_WRITE, fd[1], "hello", 5, 0).res == 5);
	t_check(submit(IORING_OP_READ, fd[0], buf, 5, IOSQE_ASYNC).res == 5);
	t_check(!strcmp(buf, "hello"));
	t_check(submit(IORING_OP_READ, -1, buf, 5, 0).res == -EBADF);
	return t_status;
}
