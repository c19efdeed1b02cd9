/* SPDX-License-Identifier: MIT */
/* Pseudo-terminals: the line discipline, echo, raw mode, size, end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "test.h"

static int master, slave;

/* fd has exactly this to be read. */
static void want(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t got = 0, n = strlen(text);
	char buf[100] = "";
	ssize_t r;

	while (got < n && poll(&p, 1, 1000) == 1) {
		r = read(fd, buf + got, sizeof buf - 1 - got);
		if (r <= 0)
			break;
		got += r;
	}
	if (got != n || memcmp(buf, text, n))
		t_error("want \"%s\", got \"%.*s\"\n", text, (int)got, buf);
	t_check(poll(&p, 1, 0) == 0);
}

static void type(const char *s)
{
	t_check(write(master, s, strlen(s)) == (ssize_t)strlen(s));
}

int main(void)
{
	struct winsize w = { .ws_row = 25, .ws_col = 81 };
	struct pollfd p;
	struct termios t;
	char c;

	master = posix_openpt(O_RDWR | O_NOCTTY);
	t_check(master >= 0);
	t_check(grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	t_check(slave >= 0 && isatty(slave) && strncmp(ttyname(slave), "/dev/pts/", 9) == 0);

	type("helxo\177\177lo\n");
	want(slave, "hello\n");
	want(master, "helxo\b \b\b \blo\r\n");
	t_check(write(slave, "out\n", 4) == 4);
	want(master, "out\r\n");

	t_check(tcgetattr(slave, &t) == 0 && (t.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO));
	cfmakeraw(&t);
	t_check(tcsetattr(slave, TCSANOW, &t) == 0);
	type("a\003\n");
	want(slave, "a\003\n");
	want(master, "");
	t_check(write(slave, "x\n", 2) == 2);
	want(master, "x\n");

	t_check(ioctl(master, TIOCSWINSZ, &w) == 0);
	memset(&w, 0, sizeof w);
	t_check(ioctl(slave, TIOCGWINSZ, &w) == 0 && w.ws_row == 25 && w.ws_col == 81);

	close(slave);
	p = (struct pollfd){ .fd = master, .events = POLLIN };
	t_check(poll(&p, 1, 0) == 1 && (p.revents & POLLHUP));
	t_check(read(master, &c, 1) == -1 && errno == EIO);
	return t_status;
}
