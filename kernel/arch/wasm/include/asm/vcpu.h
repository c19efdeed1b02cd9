/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each CPU has of its own, and can reach without asking which it is: globals
 * of WebAssembly, of which an instance has one each.  They are in entry.S.  Without
 * CONFIG_SMP the first two are variables (kernel/up.c), and the others do not exist.
 */
#ifndef _ASM_WASM_VCPU_H
#define _ASM_WASM_VCPU_H
#ifndef __ASSEMBLY__

#include <asm/host_page.h>

#ifdef CONFIG_SMP
#define __wasm_global __attribute__((address_space(1)))
#else
#define __wasm_global
#endif

struct task_struct;

extern struct task_struct *__wasm_global wasm_current;
extern unsigned long __wasm_global wasm_irq_flags;

#ifdef CONFIG_SMP
/*
 * These are as wasm_boot() sets them.  A host that translates it for machines with one
 * CPU alone makes constants of them (host/cgen/prelude.h), and with them nothing of
 * what only other CPUs are in need of.
 */
/* 1: there is no other CPU, and there will be none. */
extern int __wasm_global wasm_one_cpu;
/* 1: loads are seen in their order, and stores are; a fence is for a load behind a store. */
extern int __wasm_global wasm_total_order;
/* The number of this CPU, and where its variables are. */
extern unsigned int __wasm_global wasm_cpu;
extern unsigned long __wasm_global wasm_cpu_offset;
#else
/* no macros: struct wasm_cpu is another */
enum { wasm_cpu = 0, wasm_one_cpu = 1 };
#endif

/* Words of each CPU that are used at every system call: per-CPU variables begin later. */
struct wasm_cpu {
	struct host_page page;
	/* Some mm has marks: look at your own before you go to user code (asm/tlbsync.h). */
	int tlb_due;
	unsigned int spins;	/* of cpu_relax() */
	/*
	 * Counts what may begin to look at files: those calls that have arguments, and
	 * signals.  The uppermost byte is the CPU: none has the other's numbers.
	 */
	unsigned long long syscalls;
} __attribute__((aligned(64)));

extern struct wasm_cpu wasm_cpus[];

static inline struct wasm_cpu *wasm_this_cpu(void)
{
	return &wasm_cpus[wasm_cpu];
}

static inline struct host_page *wasm_host_page(void)
{
	return &wasm_this_cpu()->page;
}

#endif
#endif
