/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_CURRENT_H
#define _ASM_WASM_CURRENT_H
#ifndef __ASSEMBLY__

#include <asm/vcpu.h>

static __always_inline struct task_struct *get_current(void)
{
	return wasm_current;
}
#define current get_current()

#endif
#endif
