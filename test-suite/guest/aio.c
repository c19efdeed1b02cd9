/* SPDX-License-Identifier: MIT */
/* The kernel's own asynchronous I/O. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	aio_context_t context = 0;
	struct io_event e[2];
	char buf[8] = "";
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	struct iocb w = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd, .aio_data = 1,
		.aio_buf = (uintptr_t)"hello", .aio_nbytes = 5 };
	struct iocb r = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = fd, .aio_data = 2,
		.aio_buf = (uintptr_t)buf, .aio_nbytes = 4, .aio_offset = 1 };
	struct iocb *list[] = { &w, &r };

	t_check(!syscall(SYS_io_setup, 8, &context));
	t_check(syscall(SYS_io_submit, context, 1, list) == 1);
	t_check(syscall(SYS_io_pgetevents_time64, context, 1L, 2L, e, NULL, NULL) == 1);
	t_check(e[0].data == 1 && e[0].res == 5);
	t_check(syscall(SYS_io_submit, context, 1, list + 1) == 1);
	t_check(syscall(SYS_io_pgetevents_time64, context, 1L, 2L, e, NULL, NULL) == 1);
	t_check(e[0].data == 2 && e[0].res == 4 && !strcmp(buf, "ello"));
	t_check(!syscall(SYS_io_destroy, context));
	return t_status;
}
