/* SPDX-License-Identifier: MIT */
/* eventfd: sums, semaphores, the largest value. */
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	uint64_t n;
	int fd = eventfd(3, EFD_NONBLOCK);

	t_check(fd >= 0);
	t_check(eventfd_write(fd, UINT64_C(5) << 32) == 0);
	t_check(eventfd_read(fd, &n) == 0 && n == (UINT64_C(5) << 32) + 3);
	t_check(eventfd_read(fd, &n) == -1 && errno == EAGAIN);
	t_check(eventfd_write(fd, UINT64_MAX - 1) == 0);
	t_check(eventfd_write(fd, 1) == -1 && errno == EAGAIN);
	t_check(eventfd_write(fd, UINT64_MAX) == -1 && errno == EINVAL);
	t_check(read(fd, &n, 4) == -1 && errno == EINVAL);
	close(fd);

	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	t_check(eventfd_read(fd, &n) == 0 && n == 1);
	t_check(eventfd_read(fd, &n) == 0 && n == 1);
	t_check(eventfd_read(fd, &n) == -1 && errno == EAGAIN);
	close(fd);
	return t_status;
}
