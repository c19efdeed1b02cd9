/* SPDX-License-Identifier: MIT */
/* The guest's /init, made from init/ by our own compiler, and its libc.so. */
	.section .rodata
	.globl	muslin_init, muslin_init_end
	.p2align 4
muslin_init:
	.incbin	INIT_WASM
muslin_init_end:
	.globl	muslin_libc, muslin_libc_end
	.p2align 4
muslin_libc:
	.incbin	LIBC_SO
muslin_libc_end:
	.section .note.GNU-stack, "", %progbits
