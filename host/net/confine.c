/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/confine.h"
#include "process/bpf.h"
#include "process/cpu.h"
#include "process/landlock.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* What libslirp, GLib and the C library do when all is loaded. */
static const uint16_t allowed[] = {
	SYS_poll, SYS_ppoll, SYS_read, SYS_write, SYS_readv, SYS_writev,
	SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg,
	SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_shutdown,
	SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_getpeername,
	SYS_close, SYS_fcntl, SYS_ioctl, SYS_fstat, SYS_newfstatat, SYS_lseek,
	SYS_mmap, SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise,
	SYS_futex, SYS_sched_yield, SYS_getrandom,
	SYS_clock_gettime, SYS_gettimeofday, SYS_time,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_getpid, SYS_gettid, SYS_exit, SYS_exit_group,
};

static void confine_calls(void)
{
	struct sock_filter code[16 + COUNT(allowed)] = {
		LOAD(arch),
		IF(JEQ, cpu_audit_arch, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		LOAD(nr),
		IF(JEQ, SYS_socket, 0, 5),
		LOAD(args[0]),
		IF(JEQ, AF_INET, 2, 0),
		IF(JEQ, AF_INET6, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .filter = code, .len = 10 };
	size_t n = COUNT(allowed);

	/* jumps are relative: the last instruction allows */
	for (size_t i = 0; i < n; i++)
		code[program.len++] = (struct sock_filter)IF(JEQ, allowed[i], n - i, 0);
	code[program.len++] = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | EPERM);
	code[program.len++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

bool net_confine(char *why, size_t n)
{
	struct landlock_rules files = landlock_rules(0, 0, SCOPE_ABSTRACT_UNIX_SOCKET |
						     SCOPE_SIGNAL);
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		snprintf(why, n, "cannot give up privileges: %s", strerror(errno));
		return false;
	}
	if (files.fd >= 0) {
		landlock_enter(files.fd);
		close(files.fd);
	}
	confine_calls();
	return true;
}
