/* SPDX-License-Identifier: MIT */
/* As efault.c, for what only root can call: lists of groups. */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

static void groups(uintptr_t p, int unreadable)
{
	errno = 0;
	t_check(syscall(SYS_getgroups, 10, p) == -1 && errno == EFAULT);
	errno = 0;
	if (unreadable)
		t_check(syscall(SYS_setgroups, 1, p) == -1 && errno == EFAULT);
}

int main(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *none = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uintptr_t bad[] = { 8, (uintptr_t)none, 0x80000000, 0xffff0000, 0xfffffffc, 0xffffffff };
	size_t i;

	if (getuid() != 0) {
		puts("needs root");
		return 77;
	}
	t_check(setgroups(1, &(gid_t){ 7 }) == 0);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		groups(bad[i], 1);
	/* the last bytes are missing */
	t_check(mprotect(none + page, page, PROT_READ | PROT_WRITE) == 0);
	for (i = 1; i < 4; i++)
		groups((uintptr_t)none + 2 * page - i, 1);
	t_check(mprotect(none + page, page, PROT_READ) == 0);
	groups((uintptr_t)none + page, 0);
	return t_status;
}
