/* SPDX-License-Identifier: MIT */
/* A smashed stack ended with SIGILL, like a bug of the compiler: it is SIGABRT. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

void __stack_chk_fail(void);

int main(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		__stack_chk_fail();
		_exit(0);
	}
	t_check(waitpid(pid, &status, 0) == pid);
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	return t_status;
}
