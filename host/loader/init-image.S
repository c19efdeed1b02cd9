/* SPDX-License-Identifier: MIT */
/* The guest's /init, made from init/ by our own compiler. */
	.section .rodata
	.globl	muslin_init, muslin_init_end
	.p2align 4
muslin_init:
	.incbin	INIT_WASM
muslin_init_end:
	.section .note.GNU-stack, "", %progbits
