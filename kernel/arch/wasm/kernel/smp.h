/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _WASM_SMP_H
#define _WASM_SMP_H

#include <linux/init.h>

struct task_struct;

#ifdef CONFIG_SMP
/* From setup_arch(): how many CPUs there can be. */
void __init wasm_smp_setup(void);
/* An interrupt from another CPU. */
void wasm_cpu_irq(void);
/* The first that another CPU runs, which its idle task is for. */
void __noreturn wasm_start_cpu(struct task_struct *idle);
#else
static inline void wasm_smp_setup(void) { }
static inline void wasm_cpu_irq(void) { }
static inline void wasm_start_cpu(struct task_struct *idle) { }
#endif

#endif
