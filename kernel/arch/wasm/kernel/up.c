// SPDX-License-Identifier: GPL-2.0
/* asm/vcpu.h, of a kernel for one CPU */
#include <linux/init_task.h>
#include <asm/vcpu.h>

struct task_struct *wasm_current = &init_task;
unsigned long wasm_irq_flags;
