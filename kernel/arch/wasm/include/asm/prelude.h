/* SPDX-License-Identifier: GPL-2.0 */
/* Included before everything else: what other ports do in a linker script. */
#ifndef _ASM_WASM_PRELUDE_H
#define _ASM_WASM_PRELUDE_H
#ifndef __ASSEMBLY__

/* clang rejects these for a wasm target that is not Emscripten */
#define __builtin_return_address(x)	((void *)0)
#define __builtin_frame_address(x)	((void *)0)

/* jiffies is the low word of jiffies_64, the initial stack its own section */
#pragma redefine_extname jiffies jiffies_64
#pragma redefine_extname init_thread_union init_stack

#endif
#endif
