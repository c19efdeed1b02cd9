/* SPDX-License-Identifier: MIT */
/* Where a system call was made that seccomp traps. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/stat.h>
#include "seccomp.h"

static char *volatile trapped_at;

static void on_sigsys(int sig, siginfo_t *i, void *context)
{
	trapped_at = i->si_call_addr;
}

/* Native code has them as functions, since they are called by their addresses. */
static void call_getppid(void) { getppid(); }
static void call_getuid(void) { getuid(); }
static void (*volatile by_getppid)(void) = call_getppid, (*volatile by_getuid)(void) = call_getuid;

/* The byte of the file where the body of the function begins: a tracer's pc. */
static int tells_where(void)
{
	struct sock_filter parent[] = FILTER(__NR_getppid, SECCOMP_RET_TRAP);
	struct sock_filter user[] = FILTER(__NR_getuid, SECCOMP_RET_TRAP);
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
	char *first, *second;
	struct stat st;

	sigaction(SIGSYS, &sa, NULL);
	if (INSTALL(parent, 0) || INSTALL(user, 0) || stat("/proc/self/exe", &st))
		return 1;
	by_getppid();
	first = trapped_at;
	by_getuid();
	second = trapped_at;
	by_getppid();
	if (!first || (off_t)first >= st.st_size || !second || (off_t)second >= st.st_size)
		return 2;
	return first == second || first != trapped_at ? 3 : 0;
}

int main(void)
{
	int s;

	t_check((s = run(tells_where)) == 0);
	return t_status;
}
