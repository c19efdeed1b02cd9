# __restore(handler, sig, siginfo, ucontext): the host calls this for every
# signal.  The frame begins at siginfo, so the handler's stack does.

	.globaltype __stack_pointer, i32

	.section .text.__restore,"",@
	.hidden __restore
	.globl __restore
	.type __restore,@function
__restore:
	.functype __restore (i32, i32, i32, i32) -> ()
	.local i32
	global.get __stack_pointer
	local.set 4
	local.get 2
	global.set __stack_pointer
	local.get 1
	local.get 0
	call_indirect (i32) -> ()
	local.get 4
	global.set __stack_pointer
	end_function

	.section .text.__restore_rt,"",@
	.hidden __restore_rt
	.globl __restore_rt
	.type __restore_rt,@function
__restore_rt:
	.functype __restore_rt (i32, i32, i32, i32) -> ()
	.local i32
	global.get __stack_pointer
	local.set 4
	local.get 2
	global.set __stack_pointer
	local.get 1
	local.get 2
	local.get 3
	local.get 0
	call_indirect (i32, i32, i32) -> ()
	local.get 4
	global.set __stack_pointer
	end_function
