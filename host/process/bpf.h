/* SPDX-License-Identifier: MIT */
/* Instructions of a filter for seccomp(2): linux/filter.h, linux/seccomp.h. */
#ifndef MUSLIN_BPF_H
#define MUSLIN_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF(compare, k, yes, no) BPF_JUMP(BPF_JMP | BPF_##compare | BPF_K, k, yes, no)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

#endif
