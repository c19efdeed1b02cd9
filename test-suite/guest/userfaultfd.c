/* SPDX-License-Identifier: MIT */
/* A program's own page faults: another thread fills a page that was touched. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

static int uffd;
static size_t page;

static void *fill(void *arg)
{
	char *data = malloc(page);
	struct uffd_msg m;
	struct pollfd p = { uffd, POLLIN };
	int i;

	for (i = 0; i < 2; i++) {
		poll(&p, 1, -1);
		t_check(read(uffd, &m, sizeof(m)) == sizeof(m));
		t_check(m.event == UFFD_EVENT_PAGEFAULT);
		memset(data, 'a' + i, page);
		struct uffdio_copy c = { .dst = m.arg.pagefault.address & ~(uint64_t)(page - 1),
			.src = (uintptr_t)data, .len = page };
		t_check(!ioctl(uffd, UFFDIO_COPY, &c));
	}
	return arg;
}

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t thread;
	volatile char *p;

	page = sysconf(_SC_PAGESIZE);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	t_check(uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api));
	p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	r.range.start = (uintptr_t)p;
	r.range.len = 2 * page;
	t_check(!ioctl(uffd, UFFDIO_REGISTER, &r));
	pthread_create(&thread, NULL, fill, NULL);
	t_check(p[page + 5] == 'a');
	p[3] = 'x';
	t_check(p[3] == 'x' && p[4] == 'b');
	pthread_join(thread, NULL);
	return t_status;
}
