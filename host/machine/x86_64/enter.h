/* SPDX-License-Identifier: MIT */
/* From the user's stack to the kernel's. */
#ifndef MUSLIN_ENTER_H
#define MUSLIN_ENTER_H

/*
 * Defines enter_FN(), which calls FN of the kernel on muslin_vcpu.kernel_stack.  FN has
 * at most seven parameters: what may be on the caller's stack is the last of them.
 * One for each FN, since a processor foretells a call that always leads to one place.
 *
 * The caller's stack pointer is kept at 24(%rsp), by which an unwinder finds the caller:
 * DW_CFA_def_cfa_expression, DW_OP_breg7 24, DW_OP_deref, DW_OP_plus_uconst 8.
 */
#define KERNEL_ENTRY(fn) \
	extern __attribute__((visibility("hidden"))) __typeof__(fn) enter_##fn; \
	__asm__(".pushsection .text\n" \
		"\t.p2align 4\n" \
		"\t.globl enter_" #fn "\n" \
		"\t.hidden enter_" #fn "\n" \
		"\t.type enter_" #fn ", @function\n" \
		"enter_" #fn ":\n" \
		"\t.cfi_startproc\n" \
		"\tmov %gs:16, %r10\n" \
		"\tmov 8(%rsp), %r11\n" \
		"\tmov %rsp, -8(%r10)\n" \
		"\tmov %r11, -32(%r10)\n" \
		"\tlea -32(%r10), %rsp\n" \
		"\t.cfi_remember_state\n" \
		"\t.cfi_escape 0x0f, 5, 0x77, 24, 0x06, 0x23, 8\n" \
		"\tcall " #fn "\n" \
		"\tmov 24(%rsp), %rsp\n" \
		"\t.cfi_restore_state\n" \
		"\tret\n" \
		"\t.cfi_endproc\n" \
		"\t.size enter_" #fn ", . - enter_" #fn "\n" \
		"\t.popsection")

#endif
