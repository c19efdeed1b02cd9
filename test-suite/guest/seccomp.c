/* SPDX-License-Identifier: MIT */
/* seccomp: it was not there, since system calls had no numbers. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include "seccomp.h"

static int strict(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	write(-1, "", 0);
	syscall(SYS_exit, 3);
	return 0;
}

static int strict_killed(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	getppid();
	return 0;
}

static int refuses(void)
{
	struct sock_filter f[] = FILTER(__NR_getppid, SECCOMP_RET_ERRNO | EXDEV);

	if (INSTALL(f, 0))
		return 1;
	if (syscall(SYS_getppid) != -1 || errno != EXDEV)
		return 2;
	return getpid() < 0 || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER;
}

static int kills(void)
{
	struct sock_filter f[] = FILTER(__NR_getppid, SECCOMP_RET_KILL_PROCESS);

	if (INSTALL(f, 0))
		return 1;
	getppid();
	return 0;
}

/* By an argument of 64 bits, whose halves are two. */
static int sees_arguments(void)
{
	struct sock_filter f[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_pread64, 0, 3),
		LOAD(args[4]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EXDEV),
		RETURN(SECCOMP_RET_ALLOW),
	};

	if (INSTALL(f, 0))
		return 1;
	if (pread(-1, f, 1, 5ll << 32) != -1 || errno != EXDEV)
		return 2;
	return pread(-1, f, 1, 4ll << 32) != -1 || errno != EBADF;
}

static volatile int trapped, trapped_nr, trapped_data;

static void on_sigsys(int sig, siginfo_t *i, void *context)
{
	trapped = sig;
	trapped_nr = i->si_syscall;
	trapped_data = i->si_errno;
}

static int traps(void)
{
	struct sock_filter f[] = FILTER(__NR_getppid, SECCOMP_RET_TRAP | 9);
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &sa, NULL);
	if (INSTALL(f, 0))
		return 1;
	getppid();
	return trapped != SIGSYS || trapped_nr != __NR_getppid || trapped_data != 9;
}

/* A supervisor answers. */
static int notifies(void)
{
	struct sock_filter f[] = FILTER(__NR_getppid, SECCOMP_RET_USER_NOTIF);
	struct seccomp_notif n = { 0 };
	struct seccomp_notif_resp r = { 0 };
	int fd = INSTALL(f, SECCOMP_FILTER_FLAG_NEW_LISTENER), status;
	pid_t pid;

	if (fd < 0)
		return 1;
	pid = fork();
	if (!pid)
		_exit(getppid() != 321);
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) || n.data.nr != __NR_getppid)
		return 2;
	r.id = n.id;
	r.val = 321;
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r))
		return 3;
	return waitpid(pid, &status, 0) != pid || status;
}

/* SECCOMP_RET_TRACE: nobody traces, so it fails. */
static int untraced(void)
{
	struct sock_filter f[] = FILTER(__NR_getppid, SECCOMP_RET_TRACE);

	if (INSTALL(f, 0))
		return 1;
	return syscall(SYS_getppid) != -1 || errno != ENOSYS;
}

int main(void)
{
	int s;

	t_check((s = run(strict)) == 3 << 8);
	t_check((s = run(strict_killed)) == SIGKILL);
	t_check((s = run(refuses)) == 0);
	t_check((s = run(kills)) == SIGSYS);
	t_check((s = run(sees_arguments)) == 0);
	t_check((s = run(traps)) == 0);
	t_check((s = run(notifies)) == 0);
	t_check((s = run(untraced)) == 0);
	return t_status;
}
