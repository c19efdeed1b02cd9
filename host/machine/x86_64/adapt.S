/* SPDX-License-Identifier: MIT */
	.text

	# any function: adapt_call(&registers, the arguments on the stack)
	.globl adapt_entry
	.hidden adapt_entry
	.type adapt_entry, @function
adapt_entry:
	push %rbp
	mov %rsp, %rbp
	sub $112, %rsp
	mov %rdi, (%rsp)
	mov %rsi, 8(%rsp)
	mov %rdx, 16(%rsp)
	mov %rcx, 24(%rsp)
	mov %r8, 32(%rsp)
	mov %r9, 40(%rsp)
	movq %xmm0, 48(%rsp)
	movq %xmm1, 56(%rsp)
	movq %xmm2, 64(%rsp)
	movq %xmm3, 72(%rsp)
	movq %xmm4, 80(%rsp)
	movq %xmm5, 88(%rsp)
	movq %xmm6, 96(%rsp)
	movq %xmm7, 104(%rsp)
	mov %rsp, %rdi
	lea 16(%rbp), %rsi
	call adapt_call
	mov (%rsp), %rax
	movq 48(%rsp), %xmm0
	leave
	ret
	.size adapt_entry, . - adapt_entry

	# void adapt_invoke(func, &registers, stack, n): n is even
	.globl adapt_invoke
	.hidden adapt_invoke
	.type adapt_invoke, @function
adapt_invoke:
	push %rbp
	mov %rsp, %rbp
	push %rbx
	sub $8, %rsp
	mov %rdi, %r11
	mov %rsi, %rbx
1:	test %rcx, %rcx
	je 2f
	pushq -8(%rdx,%rcx,8)
	dec %rcx
	jmp 1b
2:	mov (%rbx), %rdi
	mov 8(%rbx), %rsi
	mov 16(%rbx), %rdx
	mov 24(%rbx), %rcx
	mov 32(%rbx), %r8
	mov 40(%rbx), %r9
	movq 48(%rbx), %xmm0
	movq 56(%rbx), %xmm1
	movq 64(%rbx), %xmm2
	movq 72(%rbx), %xmm3
	movq 80(%rbx), %xmm4
	movq 88(%rbx), %xmm5
	movq 96(%rbx), %xmm6
	movq 104(%rbx), %xmm7
	call *%r11
	mov %rax, (%rbx)
	movq %xmm0, 48(%rbx)
	mov -8(%rbp), %rbx
	leave
	ret
	.size adapt_invoke, . - adapt_invoke

	.section .note.GNU-stack,"",@progbits
