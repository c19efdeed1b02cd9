/* SPDX-License-Identifier: MIT */
/*
 * Included before each self-test of the kernel: what they expect of glibc's
 * headers, and of an architecture that has system calls with 32-bit times.
 */
#ifndef KSELFTEST_COMPAT_H
#define KSELFTEST_COMPAT_H

/* before the kernel's, which has the same names */
#define f_owner_ex libc_f_owner_ex
#define statx libc_statx
#define statx_timestamp libc_statx_timestamp
#define prctl_mm_map libc_prctl_mm_map
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#undef f_owner_ex
#undef prctl_mm_map
#undef statx
#undef statx_timestamp

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>

struct statx;
int statx(int, const char *, int, unsigned, struct statx *);

#define __GLIBC_PREREQ(major, minor) 1
#define DEFFILEMODE 0666
#define MSG_COPY 040000
#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#define SCM_PIDFD 4
#define SYS_clock_gettime SYS_clock_gettime64

#undef sigev_notify_thread_id
#define _sigev_un __sev_fields
#define _tid sigev_notify_thread_id

static inline char *gnu_strerror_r(int err, char *buf, size_t n)
{
	strerror_r(err, buf, n);
	return buf;
}
#define strerror_r gnu_strerror_r

/* The kernel says ST_VALID with the flags; musl hands it on. */
static inline int gnu_statvfs(const char *path, struct statvfs *st)
{
	int r = statvfs(path, st);

	st->f_flag &= ~0x20UL;
	return r;
}
#define statvfs(path, st) gnu_statvfs(path, st)

#ifdef KSELFTEST_CGROUP
#include <sys/mount.h>
/* What systemd has done where they are usually run. */
static __attribute__((constructor)) void mount_groups(void)
{
	mount("none", "/sys", "sysfs", 0, NULL);
	mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL);
}
#endif

#ifdef KSELFTEST_SECCOMP
/*
 * seccomp_bpf knows architectures by their names, and where each has a system call's
 * number and result.  Ours has its registers (<asm/ptrace.h>) in RISC-V's place.
 */
#include <asm/ptrace.h>
#define __riscv 1
#define __riscv_xlen 64
#define a7 nr
#define a0 ret
/* that of 64-bit times is the only one */
#define __NR_nanosleep __NR_clock_nanosleep_time64
#define __NR_clock_nanosleep __NR_clock_nanosleep_time64
#endif

#endif
