/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each CPU has of its own, and can reach without asking which it is: globals
 * of WebAssembly, of which an instance has one each.  They are in entry.S.  Without
 * CONFIG_SMP the first two are variables (kernel/up.c), and the others do not exist.
 */
#ifndef _ASM_WASM_VCPU_H
#define _ASM_WASM_VCPU_H
#ifndef __ASSEMBLY__

#ifdef CONFIG_SMP
#define __wasm_global __attribute__((address_space(1)))
#else
#define __wasm_global
#endif

struct task_struct;

extern struct task_struct *__wasm_global wasm_current;
extern unsigned long __wasm_global wasm_irq_flags;

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

#endif
#endif
