/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "process/bpf.h"
#include "process/cpu.h"
#include "process/landlock.h"
#include "process/sandbox.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* --- files: Landlock --- */

#define READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
	      LANDLOCK_ACCESS_FS_READ_DIR)
#define OPEN (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	      FS_TRUNCATE)
#define WRITE (READ | OPEN | LANDLOCK_ACCESS_FS_MAKE_REG | \
	       LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	       LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* Where programs are, and what tells compilers which system it is. */
static void allow_system(const struct landlock_rules *l)
{
	static const char *const paths[] = {
		"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
		"/opt", "/nix/store", "/gnu/store",
		"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
		"/etc/ld.so.preload", "/etc/os-release", "/etc/lsb-release",
		"/etc/debian_version", "/dev/zero", "/dev/urandom", "/dev/random",
	};

	for (size_t i = 0; i < COUNT(paths); i++)
		landlock_allow(l, paths[i], READ);
	landlock_allow(l, "/dev/null", OPEN);
}

/* It, and what was installed with it: as PREFIX/bin/NAME, or as our wasm2c. */
static void allow_program(const struct landlock_rules *l, const char *program)
{
	static const char *const dirs[] = { "bin", "lib", "lib64", "libexec" };
	char path[PATH_MAX], beside[PATH_MAX + 8], *slash;

	if (!realpath(program, path))
		return;
	landlock_allow(l, path, READ);
	snprintf(beside, sizeof(beside), "%s.d", path);
	landlock_allow(l, beside, READ);
	slash = strrchr(path, '/');
	if (slash - path < 4 || memcmp(slash - 4, "/bin", 4))
		return;
	for (size_t i = 0; i < COUNT(dirs); i++) {
		snprintf(beside, sizeof(beside), "%.*s/%s",
			 (int)(slash - 4 - path), path, dirs[i]);
		landlock_allow(l, beside, READ);
	}
}

static void allow_given(const struct landlock_rules *l, const char *dirs)
{
	char path[PATH_MAX];

	for (const char *end; dirs && *dirs; dirs = *end ? end + 1 : end) {
		end = strchrnul(dirs, ':');
		if (*dirs == '/' && end - dirs < PATH_MAX) {
			snprintf(path, sizeof(path), "%.*s", (int)(end - dirs), dirs);
			landlock_allow(l, path, WRITE);
		}
	}
}

int sandbox_files(const char *const programs[], const char *dir)
{
	struct landlock_rules l = landlock_rules(0, 0, SCOPE_ABSTRACT_UNIX_SOCKET |
						 SCOPE_SIGNAL);

	if (l.fd < 0)
		return -1;
	allow_system(&l);
	for (; *programs; programs++)
		allow_program(&l, *programs);
	allow_given(&l, getenv(SANDBOX_DIRS));
	if (dir)
		landlock_allow(&l, dir, WRITE);
	return l.fd;
}

/* --- all else: seccomp --- */

#define FCHMODAT2 452
/* of the other 64-bit system calls of x86 */
#define X32 0x40000000

/*
 * Network, other processes, IPC, keys, and files by name as far as Landlock
 * does not know about it.  Not a list of what compilers do: there are many.
 */
static const uint16_t denied[] = {
	SYS_socket, SYS_io_uring_setup,
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd,
	SYS_unshare, SYS_setns, SYS_mount, SYS_chroot, SYS_bpf,
	SYS_perf_event_open, SYS_userfaultfd,
	SYS_shmget, SYS_msgget, SYS_semget, SYS_mq_open,
	SYS_add_key, SYS_request_key, SYS_keyctl,
	SYS_chmod, SYS_fchmodat, FCHMODAT2, SYS_chown, SYS_lchown, SYS_fchownat,
	SYS_utime, SYS_utimes, SYS_futimesat, SYS_utimensat,
	SYS_setxattr, SYS_lsetxattr, SYS_removexattr, SYS_lremovexattr,
};

static void deny_calls(void)
{
	struct sock_filter code[6 + COUNT(denied)];
	struct sock_fprog program = { .filter = code };
	size_t n = 0, left = COUNT(denied);

	/* jumps are relative: the last instruction denies */
	code[n++] = (struct sock_filter)LOAD(arch);
	code[n++] = (struct sock_filter)IF(JEQ, cpu_audit_arch, 0, left + 3);
	code[n++] = (struct sock_filter)LOAD(nr);
	code[n++] = (struct sock_filter)IF(JGE, X32, left + 1, 0);
	for (size_t i = 0; i < COUNT(denied); i++)
		code[n++] = (struct sock_filter)IF(JEQ, denied[i], left - i, 0);
	code[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | 1 /* EPERM */);
	program.len = n;
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void sandbox_enter(int files)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (files >= 0)
		landlock_enter(files);
	deny_calls();
}
