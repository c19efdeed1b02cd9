/* SPDX-License-Identifier: MIT */
/* PTRACE_SYSCALL used to be EIO: what a tracer sees of system calls, and changes. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define PTRACE_SYSEMU 31

/* <asm/ptrace.h>, which does not go with <sys/ptrace.h> */
struct regs {
	unsigned long sp, tls, nr, args[6], ret;
};

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | \
		 PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)

static volatile int handled;

static void handler(int sig)
{
	handled = sig;
}

static pid_t traced(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(fn());
	}
	t_check(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	t_check(!ptrace(PTRACE_SETOPTIONS, pid, 0, (void *)OPTIONS));
	return pid;
}

/* Its next stop, a status >> 8; or -1, and it has ended. */
static int next(pid_t pid, int request)
{
	int status;

	t_check(!ptrace(request, pid, 0, 0));
	t_check(waitpid(pid, &status, 0) == pid);
	return WIFSTOPPED(status) ? status >> 8 : -1;
}

static struct __ptrace_syscall_info info(pid_t pid)
{
	struct __ptrace_syscall_info i;

	memset(&i, 0, sizeof(i));
	t_check(ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(i), &i) > 0);
	t_check(i.arch == AUDIT_ARCH_WASM32);
	return i;
}

static struct regs regs(pid_t pid)
{
	struct regs r;
	struct iovec v = { &r, sizeof(r) };

	t_check(!ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v));
	t_check(v.iov_len == sizeof(r));
	return r;
}

static int set(pid_t pid, struct regs *r)
{
	struct iovec v = { r, sizeof(*r) };

	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v);
}

/* Goes on to the entry of nr. */
static void until(pid_t pid, unsigned int nr)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (next(pid, PTRACE_SYSCALL) != (SIGTRAP | 0x80))
			continue;
		if (info(pid).op == PTRACE_SYSCALL_INFO_ENTRY && info(pid).entry.nr == nr)
			return;
	}
	t_error("call %u did not come\n", nr);
}

static int64_t leave(pid_t pid)
{
	t_check(next(pid, PTRACE_SYSCALL) == (SIGTRAP | 0x80));
	t_check(info(pid).op == PTRACE_SYSCALL_INFO_EXIT);
	return info(pid).exit.rval;
}

static int calls(void)
{
	char buf[4];
	int fd = open("/proc/version", O_RDONLY);

	pread(fd, buf, 4, 0x100000002LL);
	lseek(fd, 1, SEEK_SET);
	close(-2);
	return getppid() != 12345 || getpgid(0) != 77 || getuid() != 88;
}

static void see_and_change(void)
{
	pid_t pid = traced(calls);
	struct __ptrace_syscall_info i;
	struct regs r;

	until(pid, __NR_pread64);
	i = info(pid);
	t_check(i.entry.args[2] == 4 && i.entry.args[3] == 2 && i.entry.args[4] == 1);
	r = regs(pid);
	t_check(r.nr == __NR_pread64 && r.args[0] == i.entry.args[0] && r.args[4] == 1);
	t_check(r.sp && r.sp == i.stack_pointer);
	t_check(ptrace(PTRACE_PEEKDATA, pid, (void *)r.args[1], 0) != -1 || !errno);
	t_check(leave(pid) == 0);

	until(pid, __NR_close);
	t_check((int)info(pid).entry.args[0] == -2);
	t_check(leave(pid) == -EBADF && info(pid).exit.is_error);

	/* another result */
	until(pid, __NR_getppid);
	t_check(leave(pid) == getpid());
	r = regs(pid);
	r.ret = 12345;
	t_check(!set(pid, &r));

	/* no call */
	until(pid, __NR_getpgid);
	r = regs(pid);
	r.nr = -1;
	r.ret = 77;
	t_check(!set(pid, &r));
	t_check(leave(pid) == 77);

	/* another call, which gets what it likes */
	until(pid, __NR_getuid);
	r = regs(pid);
	r.nr = __NR_umask;
	r.args[0] = 88;
	t_check(!set(pid, &r));
	leave(pid);
	r = regs(pid);
	r.ret = 88;
	t_check(!set(pid, &r));
	r.sp += 16;
	t_check(set(pid, &r) == -1 && errno == EIO);
	t_check(next(pid, PTRACE_CONT) == (SIGTRAP | PTRACE_EVENT_EXIT << 8));
	t_check(next(pid, PTRACE_CONT) == -1);
}

static int waits(void)
{
	struct sigaction sa = { .sa_handler = handler };
	char c;
	int fd[2];

	sigaction(SIGUSR1, &sa, NULL);
	pipe(fd);
	/* interrupted, with a handler; then restarted */
	if (read(fd[0], &c, 1) != -1 || errno != EINTR || handled != SIGUSR1)
		return 1;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &sa, NULL);
	write(fd[1], "x", 1);
	return read(fd[0], &c, 1) != 1;
}

static void across_signals(void)
{
	pid_t pid = traced(waits);
	int stop, i;

	until(pid, __NR_read);
	t_check(!ptrace(PTRACE_SYSCALL, pid, 0, 0));
	kill(pid, SIGUSR1);
	t_check(waitpid(pid, &stop, 0) == pid);
	/* out of read first, then the signal, then the handler's own way back */
	t_check(stop >> 8 == (SIGTRAP | 0x80));
	t_check(info(pid).op == PTRACE_SYSCALL_INFO_EXIT);
	t_check(next(pid, PTRACE_SYSCALL) == SIGUSR1);
	t_check(!ptrace(PTRACE_SYSCALL, pid, 0, (void *)SIGUSR1));
	for (i = 0; i < 100; i++) {
		t_check(waitpid(pid, &stop, 0) == pid);
		if (!WIFSTOPPED(stop))
			break;
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	}
	t_check(WIFEXITED(stop) && !WEXITSTATUS(stop));
}

static int forks_and_execs(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execl("/proc/self/exe", "x", "child", NULL);
		_exit(1);
	}
	return waitpid(pid, &status, 0) != pid || status != 7 << 8;
}

/* The child is traced, too; its execve comes back as another program. */
static void across_exec(void)
{
	pid_t pid = traced(forks_and_execs), child;
	unsigned long message;
	int status, execs = 0, stop;

	while ((stop = next(pid, PTRACE_SYSCALL)) == (SIGTRAP | 0x80))
		;
	t_check(stop == (SIGTRAP | PTRACE_EVENT_FORK << 8));
	t_check(!ptrace(PTRACE_GETEVENTMSG, pid, 0, &message));
	child = message;
	t_check(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
	/* of the fork itself, whose entry was seen */
	t_check(leave(pid) == child);
	t_check(!ptrace(PTRACE_CONT, pid, 0, 0));
	until(child, __NR_execve);
	t_check(next(child, PTRACE_SYSCALL) == (SIGTRAP | PTRACE_EVENT_EXEC << 8));
	t_check(leave(child) == 0);
	while (next(child, PTRACE_SYSCALL) != -1)
		execs++;
	t_check(execs > 1);
	t_check(waitpid(pid, &status, 0) == pid);
	while (WIFSTOPPED(status)) {
		ptrace(PTRACE_CONT, pid, 0, 0);
		t_check(waitpid(pid, &status, 0) == pid);
	}
	t_check(WIFEXITED(status) && !WEXITSTATUS(status));
}

static int emulated(void)
{
	return getppid() != 4711;
}

/* None of its calls is made. */
static void emulate(void)
{
	pid_t pid = traced(emulated);
	struct regs r;
	int status, i;

	for (i = 0; i < 10; i++) {
		t_check(!ptrace(PTRACE_SYSEMU, pid, 0, 0));
		t_check(waitpid(pid, &status, 0) == pid);
		if (regs(pid).nr == __NR_getppid)
			break;
	}
	r = regs(pid);
	r.ret = 4711;
	t_check(!set(pid, &r));
	t_check(next(pid, PTRACE_CONT) == (SIGTRAP | PTRACE_EVENT_EXIT << 8));
	t_check(!ptrace(PTRACE_CONT, pid, 0, 0));
	t_check(waitpid(pid, &status, 0) == pid && !status);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 7;
	see_and_change();
	across_signals();
	across_exec();
	emulate();
	return t_status;
}
