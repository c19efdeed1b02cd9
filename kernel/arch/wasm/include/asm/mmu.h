/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_MMU_H
#define _ASM_WASM_MMU_H

typedef struct {
	int id;				/* the host's name for the address space */
	unsigned long sync_start;	/* see asm/tlbsync.h */
	unsigned long sync_end;
} mm_context_t;

#endif
