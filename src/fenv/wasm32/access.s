# WebAssembly has no floating-point environment: it rounds to nearest, and
# raises nothing.  These say so; a host whose code for a program has one, as
# Muslin's has, puts its own in their place.  It knows by the exports that the
# program uses the environment.

	.section .text.__fenv_get,"",@
	.hidden __fenv_get
	.globl __fenv_get
	.type __fenv_get,@function
	.export_name __fenv_get, __fenv_get
__fenv_get:
	.functype __fenv_get () -> (i32)
	i32.const 0
	end_function

	.section .text.__fenv_set,"",@
	.hidden __fenv_set
	.globl __fenv_set
	.type __fenv_set,@function
	.export_name __fenv_set, __fenv_set
__fenv_set:
	.functype __fenv_set (i32) -> ()
	end_function
