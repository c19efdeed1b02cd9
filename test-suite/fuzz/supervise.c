/* SPDX-License-Identifier: MIT */
/*
 * supervise SECONDS COMMAND...: says how COMMAND ended if it should not have,
 * which a shell cannot tell: by a signal, or with a status of a sanitizer or of
 * a program that did not start.  One that takes longer is ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t ended;
static pid_t pid;

static void end(int sig)
{
	(void)sig;
	ended = 1;
	kill(pid, SIGKILL);
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	signal(SIGALRM, end);
	alarm(atoi(argv[1]));
	while (waitpid(pid, &status, 0) != pid)
		;
	if (ended)
		return 0;
	if (WIFSIGNALED(status))
		return dprintf(3, "killed by signal %d\n", WTERMSIG(status)), 1;
	switch (WEXITSTATUS(status)) {
	case 99: case 126: case 127:
		return dprintf(3, "exit status %d\n", WEXITSTATUS(status)), 1;
	}
	return 0;
}
