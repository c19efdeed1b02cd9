/* SPDX-License-Identifier: MIT */
	.text

	# void switch_stack(void **save, void *load)
	.globl switch_stack
	.type switch_stack, @function
switch_stack:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size switch_stack, . - switch_stack

	# void switch_peek(void *sp, void (*fn)(void *arg), void *arg)
	# below sp is what switch_stack() has pushed, and so an unwinder is told
	.globl switch_peek
	.type switch_peek, @function
switch_peek:
	.cfi_startproc
	push %rbx
	mov %rsp, %rbx
	mov %rdi, %rsp
	.cfi_def_cfa %rsp, 64
	.cfi_offset %rbp, -16
	.cfi_offset %rbx, -24
	.cfi_offset %r12, -32
	.cfi_offset %r13, -40
	.cfi_offset %r14, -48
	.cfi_offset %r15, -56
	mov %rdx, %rdi
	call *%rsi
	mov %rbx, %rsp
	pop %rbx
	ret
	.cfi_endproc
	.size switch_peek, . - switch_peek

	# the first return of a new stack: fn is in rbx, arg in r12
	.globl switch_start
	.hidden switch_start
	.type switch_start, @function
switch_start:
	mov %r12, %rdi
	xor %ebp, %ebp
	call *%rbx
	ud2
	.size switch_start, . - switch_start

	# rsp is a copy of a signal frame, fn is in rbx, its argument in rdi
	.globl context_return
	.hidden context_return
	.type context_return, @function
context_return:
	mov %rsp, %r12
	call *%rbx
	mov %r12, %rsp
	mov $15, %eax		# rt_sigreturn
	syscall
	ud2
	.size context_return, . - context_return

	# any function of the kernel: muslin_vcpu.call, on muslin_vcpu.kernel_stack; what may
	# be on the caller's stack is a seventh argument
	.globl kernel_enter
	.type kernel_enter, @function
kernel_enter:
	.cfi_startproc
	mov %gs:16, %r10
	mov 8(%rsp), %r11
	mov %rsp, -8(%r10)
	mov %r11, -32(%r10)
	lea -32(%r10), %rsp
	# the caller's stack pointer, by way of 24(%rsp): DW_CFA_def_cfa_expression,
	# DW_OP_breg7 24, DW_OP_deref, DW_OP_plus_uconst 8
	.cfi_remember_state
	.cfi_escape 0x0f, 5, 0x77, 24, 0x06, 0x23, 8
	call *%gs:24
	mov 24(%rsp), %rsp
	.cfi_restore_state
	ret
	.cfi_endproc
	.size kernel_enter, . - kernel_enter

	.section .note.GNU-stack,"",@progbits
