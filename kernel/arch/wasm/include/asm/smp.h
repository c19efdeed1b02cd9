/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_SMP_H
#define _ASM_WASM_SMP_H

#include <linux/cpumask.h>
#include <asm/vcpu.h>

#define raw_smp_processor_id() wasm_cpu
/* patches 0601 and 0602 */
#define arch_one_cpu() wasm_one_cpu

void arch_send_call_function_single_ipi(int cpu);
void arch_send_call_function_ipi_mask(const struct cpumask *mask);

#endif
