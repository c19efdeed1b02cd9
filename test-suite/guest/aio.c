// SPDX-License-Identifier: MIT
// An aio_write() returned when it was done: there is one processor.
// A list's signal came before those of its requests.
#include <aio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test.h"

#define REQUESTS 32
#define SIZE 1000

static struct aiocb requests[REQUESTS];
static char data[SIZE];
static volatile int done, done_before_list = -1;

static void prepare(int i, int fd)
{
	requests[i].aio_fildes = fd;
	requests[i].aio_buf = data;
	requests[i].aio_nbytes = SIZE;
	requests[i].aio_offset = SIZE * i;
}

static void write_each(int fd)
{
	int before_its_end = 0;

	for (int i = 0; i < REQUESTS; i++) {
		prepare(i, fd);
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
}

static void one_done(int sig)
{
	done++;
}

static void all_done(int sig)
{
	done_before_list = done;
}

static void write_list(int fd)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };
	struct sigaction one = { .sa_handler = one_done, .sa_flags = SA_RESTART };
	struct sigaction all = { .sa_handler = all_done, .sa_flags = SA_RESTART };
	struct aiocb *list[REQUESTS];
	sigset_t blocked, before;

	sigaddset(&one.sa_mask, SIGRTMIN + 1);
	sigaction(SIGRTMIN, &one, NULL);
	sigaction(SIGRTMIN + 1, &all, NULL);
	for (int i = 0; i < REQUESTS; i++) {
		prepare(i, fd);
		requests[i].aio_lio_opcode = LIO_WRITE;
		requests[i].aio_sigevent.sigev_notify = SIGEV_SIGNAL;
		requests[i].aio_sigevent.sigev_signo = SIGRTMIN;
		list[i] = &requests[i];
	}
	t_check(!lio_listio(LIO_NOWAIT, list, REQUESTS, &event));

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	while (done_before_list < 0)
		sigsuspend(&before);
	if (done_before_list != REQUESTS)
		t_error("the list's signal came after %d of %d\n", done_before_list, REQUESTS);
}

int main(void)
{
	char name[] = "/tmp/aio.XXXXXX";
	int fd = mkstemp(name);

	t_check(fd >= 0);
	unlink(name);
	memset(data, 'x', sizeof data);
	for (int i = 0; i < REQUESTS; i++)
		requests[i].aio_sigevent.sigev_notify = SIGEV_NONE;
	write_each(fd);
	write_list(fd);
	return t_status;
}
