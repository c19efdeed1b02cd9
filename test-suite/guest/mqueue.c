/* SPDX-License-Identifier: MIT */
/* POSIX message queues: priorities, limits, timeouts. */
#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	struct mq_attr attr = { .mq_maxmsg = 3, .mq_msgsize = 16 };
	struct timespec past = { 1, 0 };
	char name[40], buf[16];
	unsigned priority;
	mqd_t q;

	snprintf(name, sizeof name, "/test-%d", (int)getpid());
	q = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	t_check(q != (mqd_t)-1);
	t_check(mq_send(q, "low", 3, 1) == 0 && mq_send(q, "high", 4, 9) == 0);
	t_check(mq_send(q, "also low", 8, 1) == 0);
	t_check(mq_timedsend(q, "x", 1, 1, &past) == -1 && errno == ETIMEDOUT);
	t_check(mq_getattr(q, &attr) == 0 && attr.mq_curmsgs == 3 && attr.mq_msgsize == 16);
	t_check(mq_receive(q, buf, 15, NULL) == -1 && errno == EMSGSIZE);
	t_check(mq_receive(q, buf, 16, &priority) == 4 && priority == 9);
	t_check(mq_receive(q, buf, 16, &priority) == 3 && memcmp(buf, "low", 3) == 0);
	t_check(mq_receive(q, buf, 16, &priority) == 8 && priority == 1);
	t_check(mq_timedreceive(q, buf, 16, NULL, &past) == -1 && errno == ETIMEDOUT);
	t_check(mq_close(q) == 0);
	t_check(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL) == (mqd_t)-1 && errno == EEXIST);
	t_check(mq_unlink(name) == 0);
	t_check(mq_open(name, O_RDWR) == (mqd_t)-1 && errno == ENOENT);
	return t_status;
}
