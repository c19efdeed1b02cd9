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

	# An unwinder looks for what is before a return address: nobody's, here.
	nop

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

	.section .note.GNU-stack,"",@progbits
