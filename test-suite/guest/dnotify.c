/* SPDX-License-Identifier: MIT */
/* fcntl(F_NOTIFY): a signal when a directory changes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "test.h"

static void changes(const char *dir)
{
	struct timespec none = { 0, 0 };
	siginfo_t info;
	sigset_t set;
	int fd = open(dir, O_RDONLY | O_DIRECTORY), file;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t_check(fcntl(fd, F_SETSIG, SIGRTMIN) == 0);
	t_check(fcntl(fd, F_NOTIFY, DN_CREATE | DN_DELETE | DN_MULTISHOT) == 0);
	t_check(sigtimedwait(&set, NULL, &none) == -1 && errno == EAGAIN);
	file = openat(fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	t_check(file >= 0 && close(file) == 0);
	t_check(sigtimedwait(&set, &info, &none) == SIGRTMIN && info.si_fd == fd);
	t_check(unlinkat(fd, "new", 0) == 0);
	t_check(sigtimedwait(&set, &info, &none) == SIGRTMIN && info.si_fd == fd);
	t_check(fcntl(fd, F_NOTIFY, 0) == 0);
	close(fd);
}

int main(void)
{
	changes("/tmp");
	changes(".");
	return t_status;
}
