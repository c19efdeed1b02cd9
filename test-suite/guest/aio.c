// SPDX-License-Identifier: MIT
// An aio_write() returned when it was done: there is one processor.
#include <aio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test.h"

#define REQUESTS 32
#define SIZE 1000

static struct aiocb requests[REQUESTS];
static char data[SIZE];

int main(void)
{
	char name[] = "/tmp/aio.XXXXXX";
	int fd = mkstemp(name), before_its_end = 0;

	t_check(fd >= 0);
	unlink(name);
	memset(data, 'x', sizeof data);
	for (int i = 0; i < REQUESTS; i++) {
		requests[i].aio_fildes = fd;
		requests[i].aio_buf = data;
		requests[i].aio_nbytes = SIZE;
		requests[i].aio_offset = SIZE * i;
		t_check(!aio_write(&requests[i]));
		before_its_end += aio_error(&requests[i]) == EINPROGRESS;
	}
	if (!before_its_end)
		t_error("each of %d requests was done when aio_write() returned\n", REQUESTS);

	for (int i = 0; i < REQUESTS; i++) {
		const struct aiocb *one = &requests[i];

		while (aio_error(one) == EINPROGRESS)
			t_check(!aio_suspend(&one, 1, NULL));
		t_check(!aio_error(one));
		t_check(aio_return(&requests[i]) == SIZE);
	}
	t_check(lseek(fd, 0, SEEK_END) == SIZE * REQUESTS);
	return t_status;
}
