/* SPDX-License-Identifier: MIT */
/* signalfd: blocked signals are read from it, with who sent them and what. */
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	struct signalfd_siginfo info;
	union sigval value = { .sival_int = 42 };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	t_check(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	t_check(fd >= 0);
	t_check(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);

	t_check(kill(getpid(), SIGUSR1) == 0);
	t_check(sigqueue(getpid(), SIGRTMIN, value) == 0);
	t_check(read(fd, &info, sizeof info) == sizeof info);
	t_check(info.ssi_signo == SIGUSR1 && info.ssi_pid == (unsigned)getpid());
	t_check(info.ssi_code == SI_USER && info.ssi_uid == getuid());
	t_check(read(fd, &info, sizeof info) == sizeof info);
	t_check(info.ssi_signo == (unsigned)SIGRTMIN && info.ssi_int == 42);
	t_check(info.ssi_code == SI_QUEUE);
	t_check(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);
	return t_status;
}
