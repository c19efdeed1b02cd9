/* SPDX-License-Identifier: MIT */
/* bpf(): a map, and a program of a socket's that counts in it. */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "namespaces.h"
#include "test.h"

#define I(c, d, s, o, i) { .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

int main(void)
{
	uint32_t key = 0;
	uint64_t value = 0;
	union bpf_attr a;
	char buf[8];
	int map, prog, s[2], i;

	want_root();
	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = 4;
	a.value_size = 8;
	a.max_entries = 1;
	map = bpf(BPF_MAP_CREATE, &a);
	t_check(map >= 0);

	struct bpf_insn code[] = {
		I(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0),
		I(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		I(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
		I(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map),
		I(0, 0, 0, 0, 0),
		I(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		I(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0),
		I(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1),
		I(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD),
		I(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 3),
		I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (uintptr_t)code;
	a.insn_cnt = sizeof(code) / sizeof(*code);
	a.license = (uintptr_t)"GPL";
	prog = bpf(BPF_PROG_LOAD, &a);
	t_check(prog >= 0);

	t_check(!socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	t_check(!setsockopt(s[1], SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)));
	for (i = 0; i < 5; i++) {
		t_check(write(s[0], "hello", 5) == 5);
		/* of which the program lets 3 pass */
		t_check(read(s[1], buf, sizeof(buf)) == 3);
	}
	memset(&a, 0, sizeof(a));
	a.map_fd = map;
	a.key = (uintptr_t)&key;
	a.value = (uintptr_t)&value;
	t_check(!bpf(BPF_MAP_LOOKUP_ELEM, &a) && value == 5);
	return t_status;
}
