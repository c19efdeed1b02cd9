# setjmp(buf) and __longjmp(buf, val), with val not 0.  WebAssembly cannot return
# twice; a host whose code for a program can, as Muslin's does, makes of each call
# of setjmp one that does, in the function that calls it, and puts its own into
# the place of __longjmp.  It knows both by their exports.

	.section .text.setjmp,"",@
	.globl setjmp
	.type setjmp,@function
	.export_name setjmp, __setjmp
setjmp:
	.functype setjmp (i32) -> (i32)
	unreachable
	end_function

	.section .text.__longjmp,"",@
	.hidden __longjmp
	.globl __longjmp
	.type __longjmp,@function
	.export_name __longjmp, __longjmp
__longjmp:
	.functype __longjmp (i32, i32) -> ()
	unreachable
	end_function
