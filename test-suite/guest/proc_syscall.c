/* SPDX-License-Identifier: MIT */
/* /proc/PID/syscall: who looks once has an answer for the calls that follow. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static void look(pid_t pid, char *line, size_t n)
{
	char path[40];
	ssize_t r;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	fd = open(path, O_RDONLY);
	r = read(fd, line, n - 1);
	line[r < 0 ? 0 : r] = 0;
	close(fd);
}

int main(void)
{
	char line[200], want[100], c;
	int fd[2], back[2], status, i;
	pid_t pid;

	t_check(!pipe(fd) && !pipe(back));
	pid = fork();
	if (!pid) {
		while (read(fd[0], &c, 1) == 1)
			write(back[1], &c, 1);
		_exit(0);
	}
	/* it sleeps in a call that nobody had asked for */
	for (i = 0; i < 1000; i++) {
		look(pid, line, sizeof(line));
		if (!strncmp(line, "-1 ", 3))
			break;
		usleep(1000);
	}
	t_check(!strncmp(line, "-1 ", 3));
	write(fd[1], "x", 1);
	read(back[0], &c, 1);
	snprintf(want, sizeof(want), "%d 0x%x ", __NR_read, fd[0]);
	for (i = 0; i < 1000; i++) {
		look(pid, line, sizeof(line));
		if (!strncmp(line, want, strlen(want)))
			break;
		usleep(1000);
	}
	if (strncmp(line, want, strlen(want)))
		t_error("it is %swhere %s was expected\n", line, want);
	/* its own: the one that reads it */
	look(getpid(), line, sizeof(line));
	look(getpid(), line, sizeof(line));
	t_check(atoi(line) == __NR_read);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return t_status;
}
