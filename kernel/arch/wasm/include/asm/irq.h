/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_IRQ_H
#define _ASM_WASM_IRQ_H
/* none are numbered: see kernel/irq.c */
#define NR_IRQS 1
#define irq_canonicalize(i) (i)
#endif
