/* SPDX-License-Identifier: MIT */
/*
 * supervise [-t] SECONDS COMMAND...: says on descriptor 3 how COMMAND ended if it
 * should not have, which a shell cannot tell: by a signal, or with a status of a
 * sanitizer or of a program that did not start.  One that takes longer is ended.
 * The status is 0, 1 if there is something to be said, or 125 as COMMAND's.
 *
 * -t: COMMAND has a terminal, what it writes goes to stdout, and the terminal has
 * to be in the end as it was, with nothing typed for whoever reads it next.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t ended;
static pid_t pid;

static void end(int sig)
{
	(void)sig;
	ended = 1;
	kill(pid, SIGKILL);
}

static int said(const char *what, int n)
{
	dprintf(3, "%s %d\n", what, n);
	return 1;
}

static int judge(int status)
{
	if (ended)
		return 0;
	if (WIFSIGNALED(status))
		return said("killed by signal", WTERMSIG(status));
	switch (WEXITSTATUS(status)) {
	case 99: case 126: case 127:
		return said("exit status", WEXITSTATUS(status));
	case 125:
		return 125;
	}
	return 0;
}

static int open_terminal(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) || unlockpt(master))
		exit(said("no terminal:", errno));
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		exit(said("no terminal:", errno));
	return master;
}

static void start(char **argv, int slave)
{
	pid = fork();
	if (pid)
		return;
	if (slave >= 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
	}
	execvp(argv[0], argv);
	_exit(127);
}

/* Until COMMAND has ended and all that it wrote is passed on. */
static int watch(int master)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	int status, done = 0;
	char buffer[4096];
	ssize_t n;

	while (!done || poll(&p, 1, 0) > 0) {
		done = done || waitpid(pid, &status, WNOHANG) == pid;
		if (poll(&p, 1, 20) <= 0)
			continue;
		n = read(master, buffer, sizeof(buffer));
		if (n > 0 && write(1, buffer, n) != n)
			exit(said("cannot write:", errno));
	}
	return status;
}

static int as_before(int slave, const struct termios *before)
{
	struct termios now = { 0 };
	int typed = 0;

	if (tcgetattr(slave, &now) || memcmp(&now, before, sizeof(now))) {
		dprintf(3, "modes %x %x %x %x, not %x %x %x %x\n", now.c_iflag, now.c_oflag,
			now.c_cflag, now.c_lflag, before->c_iflag, before->c_oflag,
			before->c_cflag, before->c_lflag);
		return 1;
	}
	now.c_lflag &= ~ICANON;
	tcsetattr(slave, TCSANOW, &now);
	if (ioctl(slave, FIONREAD, &typed) || typed)
		return said("bytes typed:", typed);
	return 0;
}

int main(int argc, char **argv)
{
	int status, slave = -1, master = -1, terminal = argc > 1 && !strcmp(argv[1], "-t");
	struct termios before = { 0 };

	argv += 1 + terminal;
	if (argc < 3 + terminal)
		return 2;
	if (terminal)
		master = open_terminal(&slave);
	if (terminal && tcgetattr(slave, &before))
		return said("no modes:", errno);
	start(argv + 1, slave);
	signal(SIGALRM, end);
	alarm(atoi(argv[0]));
	if (terminal)
		status = watch(master);
	else
		while (waitpid(pid, &status, 0) != pid)
			;
	/* who is killed by us cannot put anything back */
	if (terminal && !ended && as_before(slave, &before))
		return 1;
	return judge(status);
}
