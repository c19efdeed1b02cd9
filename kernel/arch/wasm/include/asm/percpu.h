/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_PERCPU_H
#define _ASM_WASM_PERCPU_H

#ifdef CONFIG_SMP
#include <asm/vcpu.h>

/* wasm-ld would merge what begins with .data. */
#define PER_CPU_BASE_SECTION "percpu"

#define __my_cpu_offset wasm_cpu_offset

/*
 * The only CPU has its variables where the linker put them, and those that are made
 * later anywhere: setup_per_cpu_areas().
 */
extern unsigned long wasm_percpu_delta;
#define __addr_to_pcpu_ptr(addr) \
	((void __percpu *)((unsigned long)(addr) - wasm_percpu_delta))
#define __pcpu_ptr_to_addr(ptr) \
	((void __force *)((unsigned long)(ptr) + wasm_percpu_delta))

/*
 * No interrupt comes, and no other task, but where the kernel asks for it: what is
 * done by a CPU to its own variables is not interrupted.
 */
#define this_cpu_read_1(pcp)	READ_ONCE(*raw_cpu_ptr(&(pcp)))
#define this_cpu_read_2		this_cpu_read_1
#define this_cpu_read_4		this_cpu_read_1
#define this_cpu_write_1(pcp, v) raw_cpu_generic_to_op(pcp, v, =)
#define this_cpu_write_2	this_cpu_write_1
#define this_cpu_write_4	this_cpu_write_1
#define this_cpu_write_8	this_cpu_write_1
#define this_cpu_add_1(pcp, v)	raw_cpu_generic_to_op(pcp, v, +=)
#define this_cpu_add_2		this_cpu_add_1
#define this_cpu_add_4		this_cpu_add_1
#define this_cpu_add_8		this_cpu_add_1
#define this_cpu_and_1(pcp, v)	raw_cpu_generic_to_op(pcp, v, &=)
#define this_cpu_and_2		this_cpu_and_1
#define this_cpu_and_4		this_cpu_and_1
#define this_cpu_and_8		this_cpu_and_1
#define this_cpu_or_1(pcp, v)	raw_cpu_generic_to_op(pcp, v, |=)
#define this_cpu_or_2		this_cpu_or_1
#define this_cpu_or_4		this_cpu_or_1
#define this_cpu_or_8		this_cpu_or_1
#define this_cpu_add_return_1	raw_cpu_generic_add_return
#define this_cpu_add_return_2	raw_cpu_generic_add_return
#define this_cpu_add_return_4	raw_cpu_generic_add_return
#define this_cpu_add_return_8	raw_cpu_generic_add_return
#define this_cpu_xchg_1		raw_cpu_generic_xchg
#define this_cpu_xchg_2		raw_cpu_generic_xchg
#define this_cpu_xchg_4		raw_cpu_generic_xchg
#define this_cpu_xchg_8		raw_cpu_generic_xchg
#define this_cpu_try_cmpxchg_1	raw_cpu_generic_try_cmpxchg
#define this_cpu_try_cmpxchg_2	raw_cpu_generic_try_cmpxchg
#define this_cpu_try_cmpxchg_4	raw_cpu_generic_try_cmpxchg
#define this_cpu_try_cmpxchg_8	raw_cpu_generic_try_cmpxchg
#define this_cpu_try_cmpxchg64	raw_cpu_generic_try_cmpxchg
#define this_cpu_cmpxchg_1	raw_cpu_generic_cmpxchg
#define this_cpu_cmpxchg_2	raw_cpu_generic_cmpxchg
#define this_cpu_cmpxchg_4	raw_cpu_generic_cmpxchg
#define this_cpu_cmpxchg_8	raw_cpu_generic_cmpxchg
#define this_cpu_cmpxchg64	raw_cpu_generic_cmpxchg
#endif

#include <asm-generic/percpu.h>

#endif
