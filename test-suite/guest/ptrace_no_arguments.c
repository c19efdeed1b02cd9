/* SPDX-License-Identifier: MIT */
// musl's ptrace read three arguments of ptrace(PTRACE_TRACEME), which has none: a null list
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		if (ptrace(PTRACE_TRACEME))
			_exit(1);
		raise(SIGUSR1);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGUSR1)
		t_error("not traced: %#x\n", status);
	if (ptrace(PTRACE_CONT, pid, 0, 0) || waitpid(pid, &status, 0) != pid || status)
		t_error("then %#x\n", status);
	return t_status;
}
