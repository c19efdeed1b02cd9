/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_TLB_H
#define _ASM_WASM_TLB_H
#include <asm/tlbflush.h>
#include <asm/pgalloc.h>
#include <asm-generic/tlb.h>
#endif
