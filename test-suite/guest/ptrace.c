/* SPDX-License-Identifier: MIT */
/* ptrace: what cannot stop a program says so; it used to return 0, and nothing stopped. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static volatile int word = 7;

static pid_t traced(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		word++;
		_exit(word);
	}
	t_check(waitpid(pid, &status, 0) == pid);
	t_check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	return pid;
}

/* It goes on being stopped. */
static void refused(pid_t pid, int request)
{
	int status;

	errno = 0;
	if (ptrace(request, pid, 0, 0) != -1 || errno != EIO)
		t_error("request %d: errno %d\n", request, errno);
	t_check(waitpid(pid, &status, WNOHANG) == 0);
	t_check(ptrace(PTRACE_PEEKDATA, pid, (void *)&word, 0) == 7);
}

int main(void)
{
	static const int requests[] = {
		PTRACE_SINGLESTEP, 32 /* PTRACE_SYSEMU_SINGLESTEP */,
		33 /* PTRACE_SINGLEBLOCK of x86 */,
	};
	pid_t pid = traced();
	int status;
	size_t i;

	for (i = 0; i < sizeof requests / sizeof *requests; i++)
		refused(pid, requests[i]);
	t_check(!ptrace(PTRACE_POKEDATA, pid, (void *)&word, (void *)20));
	t_check(!ptrace(PTRACE_CONT, pid, 0, 0));
	t_check(waitpid(pid, &status, 0) == pid);
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 21);

	pid = traced();
	t_check(!ptrace(PTRACE_KILL, pid, 0, 0));
	t_check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	return t_status;
}
