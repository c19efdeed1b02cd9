/* SPDX-License-Identifier: MIT */
/*
 * What api.js does in the machine.  It cannot fork on every host.
 *
 * helper terminal PATH ARG...
 *	runs a program in a terminal of its own, /dev/pts/N, whose other end is with the
 *	machine's owner: what the terminal shows goes to file 1; file 0 gives frames, of a
 *	type, a length of 16 bits and so many bytes: input, or the window's rows and
 *	columns.  Ends as the program did.
 * helper read PATH, helper write PATH
 *	file 1 gets what is in it, or file 0 is.  An error ends it with its number.
 * helper tasks
 *	the lines of all /proc/N/stat, once
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 125
#define LEFT 64		/* reads after the program's end: others may go on to write */

enum { INPUT, SIZE };

extern char **environ;

static struct {
	unsigned char data[3 + 65535];
	size_t n, done;		/* done: of what input has been passed on */
} frame;

static int master, ended, sized;

static void die(const char *what)
{
	dprintf(1, "helper: %s: %s\r\n", what, strerror(errno));
	exit(FAILED);
}

static int open_terminal(char *name, size_t n)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || grantpt(fd) || unlockpt(fd) || ptsname_r(fd, name, n))
		die("/dev/ptmx");
	return fd;
}

/* The first terminal that a session's leader opens is its own. */
static pid_t start(char **argv, const char *name)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	pid_t pid;
	int fd;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&files);
	for (fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&files, fd, name, O_RDWR, 0);
	errno = posix_spawn(&pid, argv[1], &files, &attr, argv + 2, environ);
	if (errno)
		die(argv[1]);
	return pid;
}

static void resize(void)
{
	uint16_t size[2];

	memcpy(size, frame.data + 3, sizeof(size));
	sized = 1;
	ioctl(master, TIOCSWINSZ, &(struct winsize){ .ws_row = size[0], .ws_col = size[1] });
}

static size_t length(void)
{
	return frame.n < 3 ? 0 : frame.data[1] | frame.data[2] << 8;
}

/* Whether there is input that the terminal has not taken yet. */
static int pending(void)
{
	return frame.n >= 3 && frame.n == 3 + length();
}

static void pass(void)
{
	ssize_t r;

	if (!pending())
		return;
	if (frame.data[0] == INPUT && frame.done < length()) {
		r = write(master, frame.data + 3 + frame.done, length() - frame.done);
		if (r < 0 && errno == EAGAIN)
			return;
		frame.done += r < 0 ? length() : r;
		if (frame.done < length())
			return;
	}
	if (frame.data[0] == SIZE && length() == 4)
		resize();
	frame.n = frame.done = 0;
}

static void receive(void)
{
	size_t want = frame.n < 3 ? 3 : 3 + length();
	ssize_t r = read(0, frame.data + frame.n, want - frame.n);

	if (r <= 0) {
		ended = 1;
		return;
	}
	frame.n += r;
	pass();
}

/* Whether there was something to show. */
static int show(void)
{
	char buf[16384];
	ssize_t n = read(master, buf, sizeof(buf)), done, r;

	for (done = 0; done < n; done += r) {
		r = write(1, buf + done, n - done);
		if (r < 0)
			return 0;
	}
	return n > 0;
}

static void leave(int status)
{
	int left = LEFT;

	while (left-- && show())
		;
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		kill(getpid(), WTERMSIG(status));
	}
	exit(WEXITSTATUS(status));
}

static int run(char **argv)
{
	struct pollfd p[3] = { { .fd = 0 }, { 0 }, { .events = POLLIN } };
	char name[32];
	sigset_t set;
	int status;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p[1].fd = master = open_terminal(name, sizeof(name));
	p[2].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	while (!ended && !sized)
		receive();		/* the size comes first */
	pid = start(argv, name);

	for (;;) {
		p[0].events = pending() || ended ? 0 : POLLIN;
		p[0].fd = p[0].events ? 0 : -1;
		p[1].events = POLLIN | (pending() ? POLLOUT : 0);
		if (poll(p, 3, -1) < 0)
			continue;
		if (p[2].revents && waitpid(pid, &status, WNOHANG) == pid)
			leave(status);
		if (p[1].revents & POLLIN)
			show();
		else if (p[1].revents & POLLHUP)
			p[1].fd = -1;	/* nobody has it open, and the end is near */
		if (p[1].revents & POLLOUT)
			pass();
		if (p[0].revents)
			receive();
	}
}

static int copy(int from, int to)
{
	static char buf[65536];
	ssize_t n, done, r;

	if (from < 0 || to < 0)
		return errno;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += r)
			if ((r = write(to, buf + done, n - done)) < 0)
				return errno;
	return n < 0 || close(to) ? errno : 0;
}

static int tasks(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[PATH_MAX];
	int fd;

	if (!d)
		return errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)		/* it may have ended */
			copy(fd, dup(1));
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "terminal") && argc > 3)
		return run(argv + 1);
	if (!strcmp(what, "read") && argc == 3)
		return copy(open(argv[2], O_RDONLY), 1);
	if (!strcmp(what, "write") && argc == 3)
		return copy(0, open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644));
	if (!strcmp(what, "tasks"))
		return tasks();
	return FAILED;
}
