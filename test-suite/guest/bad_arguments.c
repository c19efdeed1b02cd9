/* SPDX-License-Identifier: MIT */
/*
 * Wrong answers: waitpid(INT_MIN) was EINVAL, ulimit(UL_GETFSIZE) -1, a bad
 * descriptor or path had no error in pathconf(), and syscall(n) faulted.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ulimit.h>
#include <unistd.h>
#include "test.h"

#define t_fails(x, e) (errno = 0, t_check((x) == -1), t_check(errno == (e)))

static volatile long any_number = SYS_pidfd_open;

int main(void)
{
	struct rlimit one_block = { 512, RLIM_INFINITY };

	t_fails(waitpid(INT_MIN, NULL, 0), ESRCH);
	t_fails(wait4(INT_MIN, NULL, 0, NULL), ESRCH);
	t_fails(waitpid(-1, NULL, 0), ECHILD);

	t_check(ulimit(UL_GETFSIZE) == LONG_MAX);
	t_fails(ulimit(99), EINVAL);
	t_check(setrlimit(RLIMIT_FSIZE, &one_block) == 0);
	t_check(ulimit(UL_GETFSIZE) == 1);

	t_check(fpathconf(2, _PC_PIPE_BUF) == PIPE_BUF);
	t_fails(fpathconf(-1, _PC_PIPE_BUF), EBADF);
	t_fails(fpathconf(2, -1), EINVAL);
	t_check(pathconf("/", _PC_NAME_MAX) == NAME_MAX);
	t_fails(pathconf("/nowhere", _PC_NAME_MAX), ENOENT);
	t_fails(pathconf("", _PC_NAME_MAX), ENOENT);

	/* no argument is zero: pidfd_open(0, 0) */
	t_fails(syscall(any_number), EINVAL);
	t_fails(syscall(SYS_pidfd_open), EINVAL);
	t_check(syscall(SYS_getppid) == getppid());
	return t_status;
}
