/* SPDX-License-Identifier: MIT */
/* No device, file or call gives the kernel's memory away, to root either: /dev/mem did. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

/* A program of n instructions, which the verifier has to refuse. */
static void no_program(const struct bpf_insn *code, int n, const char *what)
{
	union bpf_attr a;
	int fd;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (uintptr_t)code;
	a.insn_cnt = n;
	a.license = (uintptr_t)"GPL";
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
	if (fd >= 0 || (errno != EPERM && errno != EACCES && errno != EINVAL))
		t_error("bpf, %s: fd %d, errno %d\n", what, fd, errno);
}

/* bpf() is there: its programs read what they are given, and nothing by address. */
static void no_bpf_read(void)
{
	static const struct bpf_insn helper[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 65536 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static const struct bpf_insn address[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 65536 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	no_program(helper, 7, "probe_read_kernel");
	no_program(address, 3, "an address");
}

int main(void)
{
	static const char *const paths[] = {
		"/dev/mem", "/dev/kmem", "/dev/port", "/dev/snapshot", "/proc/kcore",
		"/proc/kallsyms", "/sys/kernel/debug",
		"/sys/kernel/tracing", "/proc/sys/kernel/modprobe",
		"/proc/sys/kernel/core_pattern",
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
	no_call(SYS_perf_event_open, "perf_event_open");
	no_bpf_read();
	return t_status;
}
