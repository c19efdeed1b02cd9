/* SPDX-License-Identifier: MIT */
/* Thunks from programs' system calls to the kernel: syscalls.awk makes them from vmlinux.wasm. */
#ifndef MUSLIN_SYSCALLS_H
#define MUSLIN_SYSCALLS_H

#include "core/stats.h"
#include "machine/machine.h"
#include "machine/x86_64/this-vcpu.h"

extern const struct kernel_export kernel_exports[];
extern const unsigned int kernel_exports_count;

/* What HOST_RESTART_BLOCK asks for. */
uint32_t kernel_restart(void);

/* --- api/stats.c --- */

struct call_count {
	uint64_t calls, time;
};

static inline uint64_t call_begins(unsigned int n)
{
	struct muslin *m = this_vcpu()->machine;

	/* NULL: a boot image's program began it where calls were counted */
	if (m->calls)
		m->calls[n].calls++;
	return stats_now();
}

static inline void call_ends(unsigned int n, uint64_t start)
{
	struct muslin *m = this_vcpu()->machine;

	if (m->calls)
		m->calls[n].time += stats_now() - start;
}

#endif
