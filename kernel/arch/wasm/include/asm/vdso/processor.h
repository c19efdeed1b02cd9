/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_VDSO_PROCESSOR_H
#define _ASM_WASM_VDSO_PROCESSOR_H

#include <asm/processor.h>

#endif
