/* SPDX-License-Identifier: MIT */
/* /proc/PID/wchan and stack were not there: what a task waits for, by the kernel's names. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

/* <asm/ptrace.h>, which does not go with <sys/ptrace.h> */
struct regs {
	unsigned long sp, tls, nr, args[6], ret, pc;
};

static char text[8192];

static const char *look(pid_t pid, const char *file)
{
	char path[40];
	ssize_t r;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY);
	r = read(fd, text, sizeof(text) - 1);
	text[r < 0 ? 0 : r] = 0;
	close(fd);
	return text;
}

static void wait_in_pipe(void)
{
	int fd[2];
	char c;

	if (!pipe(fd))
		read(fd[0], &c, 1);
}

static void wait_in_sleep(void)
{
	sleep(1000);
}

/* A program of its own: children of fork() take turns on one native stack. */
static pid_t start(const char *how)
{
	pid_t pid = fork();

	if (!pid) {
		execl("/proc/self/exe", "x", how, NULL);
		_exit(1);
	}
	return pid;
}

/* SysRq's t: every task's stack is in the log; it used to end the machine. */
static void traces(const char *in)
{
	static char log[1 << 16];
	int fd = open("/proc/sysrq-trigger", O_WRONLY);
	int n;

	t_check(write(fd, "t", 1) == 1);
	close(fd);
	n = klogctl(3, log, sizeof(log) - 1);
	log[n < 0 ? 0 : n] = 0;
	if (!strstr(log, in))
		t_error("%s is not in the log:\n%s", in, log);
}

static void waits(const char *how, const char *wchan, const char *in)
{
	pid_t pid = start(how);
	int status, i;

	for (i = 0; i < 2000 && strcmp(look(pid, "wchan"), wchan); i++)
		usleep(1000);
	if (strcmp(text, wchan))
		t_error("%s: wchan is \"%s\", and not \"%s\"\n", how, text, wchan);
	look(pid, "stack");
	if (geteuid())
		t_check(!*text);
	else if (!strstr(text, wchan) || !strstr(text, in) || !strstr(text, "[<0>] "))
		t_error("%s: the stack is\n%s", how, text);
	kill(pid, SIGKILL);
	t_check(waitpid(pid, &status, 0) == pid);
}

/* Where the program's function is that called the kernel: another for another one. */
static unsigned long pc(const char *how)
{
	pid_t pid = start(how);
	struct regs r = { 0 };
	struct iovec v = { &r, sizeof(r) };
	unsigned long word = 0;
	struct iovec to = { &word, sizeof(word) }, from = { NULL, sizeof(word) };
	int status, i;

	for (i = 0; i < 2000 && (!strcmp(look(pid, "wchan"), "0") || !*text); i++)
		usleep(1000);
	t_check(!ptrace(PTRACE_ATTACH, pid, 0, 0));
	t_check(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	t_check(!ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v));
	t_check(v.iov_len == sizeof(r) && r.sp);
	from.iov_base = (void *)r.sp;
	t_check(process_vm_readv(pid, &to, 1, &from, 1, 0) == sizeof(word));
	r.pc++;
	t_check(ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v) == -1 && errno == EIO);
	r.pc--;
	kill(pid, SIGKILL);
	t_check(waitpid(pid, &status, 0) == pid);
	return r.pc;
}

/* By a table: a function that is put into its caller has no place of its own. */
static void (*volatile wait_in[])(void) = { wait_in_sleep, wait_in_pipe };

int main(int argc, char **argv)
{
	unsigned long a, b;

	if (argc > 1) {
		if (!strcmp(argv[1], "sysrq"))
			traces("sys_write");
		else
			wait_in[!strcmp(argv[1], "pipe")]();
		return t_status;
	}
	waits("pipe", "pipe_read", "sys_read");
	waits("sleep", "hrtimer_nanosleep", "nanosleep");
	a = pc("pipe");
	b = pc("sleep");
	if (!a || !b || a == b)
		t_error("pc is %#lx in read(), %#lx in nanosleep()\n", a, b);
	/* its own: it runs, and waits for nothing */
	t_check(!strcmp(look(getpid(), "wchan"), "0"));
	return t_status;
}
