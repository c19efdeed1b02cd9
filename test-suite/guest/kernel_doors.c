/* SPDX-License-Identifier: MIT */
/* No device, file or call gives the kernel's memory away, to root either: /dev/mem did. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "test.h"

static void absent(const char *path)
{
	struct stat st;

	if (!stat(path, &st) || errno != ENOENT)
		t_error("%s is there\n", path);
}

/* Character device 1 has several, by number. */
static void no_device(int minor)
{
	const char *node = "/dev/kernel-door";
	int fd;

	unlink(node);
	if (mknod(node, S_IFCHR | 0600, makedev(1, minor))) {
		t_check(geteuid() && (errno == EPERM || errno == EACCES));
		return;
	}
	fd = open(node, O_RDONLY);
	if (fd >= 0 || errno != ENXIO)
		t_error("device 1:%d: fd %d, errno %d\n", minor, fd, errno);
	unlink(node);
}

static void no_call(long n, const char *name)
{
	errno = 0;
	if (syscall(n, 0, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
		t_error("%s: errno %d\n", name, errno);
}

int main(void)
{
	static const char *const paths[] = {
		"/dev/mem", "/dev/kmem", "/dev/port", "/dev/snapshot", "/proc/kcore",
		"/proc/sysrq-trigger", "/proc/kallsyms", "/sys/kernel/debug",
		"/sys/kernel/tracing", "/proc/sys/kernel/modprobe",
		"/proc/sys/kernel/core_pattern", "/proc/sys/fs/binfmt_misc",
	};
	size_t i;

	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		absent(paths[i]);
	no_device(1);		/* mem */
	no_device(2);		/* kmem */
	no_device(4);		/* port */
	no_call(SYS_init_module, "init_module");
	no_call(SYS_finit_module, "finit_module");
	no_call(SYS_kexec_load, "kexec_load");
	no_call(SYS_bpf, "bpf");
	no_call(SYS_perf_event_open, "perf_event_open");
	no_call(SYS_userfaultfd, "userfaultfd");
	no_call(SYS_io_uring_setup, "io_uring_setup");
	return t_status;
}
