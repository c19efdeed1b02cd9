/* SPDX-License-Identifier: MIT */
/* Filters, for tests of seccomp. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
/* of nr, do what; all else is allowed */
#define FILTER(nr_, what) { \
	LOAD(arch), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_WASM32, 1, 0), \
	RETURN(SECCOMP_RET_KILL_PROCESS), \
	LOAD(nr), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr_, 0, 1), \
	RETURN(what), \
	RETURN(SECCOMP_RET_ALLOW), \
}

static long install(struct sock_filter *f, int n, int flags)
{
	struct sock_fprog p = { n, f };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}
#define INSTALL(f, flags) install(f, sizeof(f) / sizeof(*f), flags)

/* The status of a child that runs fn. */
static int run(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}
