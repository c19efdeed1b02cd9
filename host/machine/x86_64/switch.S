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
	mov %gs:16, %r10
	mov 8(%rsp), %r11
	mov %rsp, -8(%r10)
	mov %r11, -32(%r10)
	lea -32(%r10), %rsp
	call *%gs:24
	mov 24(%rsp), %rsp
	ret
	.size kernel_enter, . - kernel_enter

	.section .note.GNU-stack,"",@progbits
