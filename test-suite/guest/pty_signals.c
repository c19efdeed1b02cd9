/* SPDX-License-Identifier: MIT */
/* What is typed at a terminal, its size and its end become signals: of the
 * foreground group, and only where the terminal's mode says so. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "test.h"

static int master, report[2];

static void tells(int sig)
{
	char c = sig;

	write(report[1], &c, 1);
}

static void told(int sig)
{
	char c = 0;

	t_check(read(report[0], &c, 1) == 1);
	if (c != sig)
		t_error("%d, not %d\n", c, sig);
}

/* A session of its own at a new terminal, in which f runs. */
static pid_t at_terminal(void (*f)(int tty))
{
	char *name;
	pid_t pid;

	t_check((master = posix_openpt(O_RDWR | O_NOCTTY)) >= 0);
	t_check(!grantpt(master) && !unlockpt(master) && !pipe(report));
	name = ptsname(master);
	pid = fork();
	if (pid == 0) {
		close(master);
		close(report[0]);
		setsid();
		f(open(name, O_RDWR));
		_exit(99);
	}
	close(report[1]);
	told('r');
	return pid;
}

static void type(const char *s)
{
	t_check(write(master, s, strlen(s)) == (ssize_t)strlen(s));
}

static void leave(void)
{
	close(master);
	close(report[0]);
}

static void ends_by(pid_t pid, int sig)
{
	int status;

	t_check(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
		t_error("status %#x, not of signal %d\n", status, sig);
}

static void ends_with(pid_t pid, int code)
{
	int status;

	t_check(waitpid(pid, &status, 0) == pid);
	if (status != code << 8)
		t_error("status %#x, not %#x\n", status, code << 8);
}

/* --- to who is in the foreground --- */

static void handles(int tty)
{
	signal(SIGINT, tells);
	signal(SIGQUIT, tells);
	signal(SIGWINCH, tells);
	tells('r');
	for (;;)
		;
	(void)tty;
}

static void dies(int tty)
{
	tells('r');
	for (;;)
		;
	(void)tty;
}

static void waits(int tty)
{
	char c;

	tells('r');
	read(tty, &c, 1);
}

static void (*const dying[])(int tty) = { dies, waits };

static void typed(void)
{
	struct winsize size = { 30, 90, 0, 0 };
	pid_t pid = at_terminal(handles);
	int i;

	for (i = 0; i < 20; i++) {
		type("\003");
		told(SIGINT);
		type("\034");
		told(SIGQUIT);
		size.ws_col = 90 + i;
		t_check(!ioctl(master, TIOCSWINSZ, &size));
		told(SIGWINCH);
		t_check(!ioctl(master, TIOCSWINSZ, &size));	/* as it was */
	}
	kill(pid, SIGKILL);
	ends_by(pid, SIGKILL);
	leave();

	for (i = 0; i < 2; i++) {
		pid = at_terminal(dying[i]);
		type("\003");
		ends_by(pid, SIGINT);
		leave();
		pid = at_terminal(dying[i]);
		type("\034");
		ends_by(pid, SIGQUIT);
		leave();
		pid = at_terminal(dying[i]);
		close(master);
		ends_by(pid, SIGHUP);
		close(report[0]);
	}
}

/* --- modes --- */

static void set_mode(int tty, int canonical, int isig, int min, int time)
{
	struct termios t;

	t_check(!tcgetattr(tty, &t));
	if (!canonical)
		cfmakeraw(&t);
	t.c_lflag = (t.c_lflag & ~ISIG) | (isig ? ISIG : 0);
	t.c_cc[VMIN] = min;
	t.c_cc[VTIME] = time;
	t_check(!tcsetattr(tty, TCSANOW, &t));
}

static void is_raw(int tty)
{
	char buf[10];

	signal(SIGINT, tells);
	set_mode(tty, 0, 0, 4, 0);
	tells('r');
	t_check(read(tty, buf, sizeof buf) >= 4 && !memcmp(buf, "\003\032\034x", 4));
	set_mode(tty, 0, 0, 0, 1);
	t_check(read(tty, buf, sizeof buf) == 0);
	/* the interrupt character, and no line */
	set_mode(tty, 0, 1, 1, 0);
	tells('i');
	t_check(read(tty, buf, sizeof buf) == 1 && *buf == 'y');
	_exit(t_status);
}

static void raw(void)
{
	pid_t pid = at_terminal(is_raw);

	type("\003\032\034x");
	told('i');
	type("\003");
	told(SIGINT);
	type("y");
	ends_with(pid, 0);
	leave();
}

static void is_canonical(int tty)
{
	char buf[20];

	signal(SIGINT, tells);
	tells('r');
	/* what was typed before the interrupt is not part of the line */
	t_check(read(tty, buf, sizeof buf) == 3 && !memcmp(buf, "cd\n", 3));
	t_check(read(tty, buf, sizeof buf) == 2 && !memcmp(buf, "ef", 2));
	t_check(read(tty, buf, sizeof buf) == 0);
	set_mode(tty, 1, 0, 1, 0);
	tells('i');
	t_check(read(tty, buf, sizeof buf) == 4 && !memcmp(buf, "g\003h\n", 4));
	_exit(t_status);
}

static void canonical(void)
{
	pid_t pid = at_terminal(is_canonical);

	type("ab\003");
	told(SIGINT);
	type("cd\nef\004\004");
	told('i');
	type("g\003h\n");
	ends_with(pid, 0);
	leave();
}

/* --- jobs --- */

static pid_t start_job(int tty, void (*f)(int tty))
{
	pid_t job = fork();

	if (job == 0) {
		setpgid(0, 0);
		f(tty);
		_exit(99);
	}
	setpgid(job, job);
	return job;
}

static void stops_by(pid_t job, int sig)
{
	int status;

	t_check(waitpid(job, &status, WUNTRACED) == job);
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != sig)
		t_error("status %#x, not stopped by signal %d\n", status, sig);
}

/* In the foreground as soon as it can be told so. */
static void reads(int tty)
{
	char c = 0;

	while (tcgetpgrp(tty) != getpid())
		;
	tells('r');
	if (read(tty, &c, 1) != 1)
		_exit(1);
	_exit(c);
}

static void writes(int tty)
{
	_exit(write(tty, "output\n", 7) != 7);
}

static void shell(int tty)
{
	struct termios t;
	pid_t job;

	signal(SIGTTOU, SIG_IGN);	/* it is in the background itself */
	job = start_job(tty, reads);
	t_check(!tcsetpgrp(tty, job));
	stops_by(job, SIGTSTP);
	/* continued in the background, it still reads */
	t_check(!tcsetpgrp(tty, getpgrp()) && !killpg(job, SIGCONT));
	stops_by(job, SIGTTIN);
	t_check(!tcsetpgrp(tty, job) && !killpg(job, SIGCONT));
	tells('f');
	ends_with(job, 'A');
	t_check(!tcsetpgrp(tty, getpgrp()));

	/* a job in the background may write, unless TOSTOP */
	signal(SIGTTOU, SIG_DFL);
	job = start_job(tty, writes);
	ends_with(job, 0);
	t_check(!tcgetattr(tty, &t));
	t.c_lflag |= TOSTOP;
	t_check(!tcsetattr(tty, TCSANOW, &t));
	job = start_job(tty, writes);
	stops_by(job, SIGTTOU);
	t_check(!tcsetpgrp(tty, job) && !killpg(job, SIGCONT));
	ends_with(job, 0);
	_exit(t_status);
}

static void jobs(void)
{
	pid_t pid = at_terminal(shell);
	char buf[100];
	size_t n;
	ssize_t r;

	type("\032");
	told('f');
	type("A\n");
	ends_with(pid, 0);
	for (n = 0; n < sizeof buf && (r = read(master, buf + n, sizeof buf - n)) > 0; )
		n += r;
	t_check(n == 21 && !memcmp(buf, "^ZA\r\noutput\r\noutput\r\n", n));
	leave();
}

/* The leader of a session ends: who is in the foreground is told, and what is
 * stopped and has nobody left to continue it, too. */
static void hears(int tty)
{
	sigset_t set;
	int sig;

	sigprocmask(SIG_BLOCK, NULL, &set);
	sigwait(&set, &sig);
	tells(sig);
	_exit(0);
	(void)tty;
}

static void hears_stopped(int tty)
{
	sigset_t set;
	int sig, i;

	sigprocmask(SIG_BLOCK, NULL, &set);
	raise(SIGSTOP);
	for (i = 0; i < 2; i++) {
		sigwait(&set, &sig);
		tells(sig);
	}
	_exit(0);
	(void)tty;
}

static void leader(int tty)
{
	sigset_t set;

	signal(SIGTTOU, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	stops_by(start_job(tty, hears_stopped), SIGSTOP);
	t_check(!tcsetpgrp(tty, start_job(tty, hears)));
	tells('r');
	_exit(t_status);
}

static void orphans(void)
{
	pid_t pid = at_terminal(leader);
	int i, hups = 0, conts = 0;
	char sig;

	ends_with(pid, 0);
	for (i = 0; read(report[0], &sig, 1) == 1; i++) {
		hups += sig == SIGHUP;
		conts += sig == SIGCONT;
	}
	if (i != 3 || hups != 2 || conts != 1)
		t_error("%d signals, %d SIGHUP, %d SIGCONT\n", i, hups, conts);
	leave();
}

int main(void)
{
	typed();
	raw();
	canonical();
	jobs();
	orphans();
	return t_status;
}
