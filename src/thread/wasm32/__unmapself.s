# Needs no stack.

	.functype __syscall_munmap (i32, i32) -> (i32)
	.import_module __syscall_munmap, linux
	.import_name __syscall_munmap, __syscall_munmap
	.functype __syscall_exit (i32) -> (i32)
	.import_module __syscall_exit, linux
	.import_name __syscall_exit, __syscall_exit

	.section .text.__unmapself,"",@
	.hidden __unmapself
	.globl __unmapself
	.type __unmapself,@function
__unmapself:
	.functype __unmapself (i32, i32) -> ()
	local.get 0
	local.get 1
	call __syscall_munmap
	drop
	i32.const 0
	call __syscall_exit
	drop
	unreachable
	end_function
