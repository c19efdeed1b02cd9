/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_SETUP_H
#define _ASM_WASM_SETUP_H
#include <uapi/asm-generic/setup.h>
#endif
