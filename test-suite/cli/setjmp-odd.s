# SPDX-License-Identifier: MIT
# setjmp where no compiler calls it: see setjmp.
	.functype setjmp (i32) -> (i32)
	.functype longjmp (i32, i32) -> ()
	.tagtype odd i32
odd:

# values below it on the stack: 1000 + 0.5 * 4 + what it returns, then again
	.globl on_stack
	.type on_stack,@function
on_stack:
	.functype on_stack (i32) -> (i32)
	.local i32
	i32.const 1000
	i64.const 4
	f64.const 0x1p-1
	local.get 0
	call setjmp
	local.set 1
	f64.const 0x1p2
	f64.mul
	i32.trunc_f64_s
	i64.extend_i32_s
	i64.add
	i32.wrap_i64
	i32.add
	local.get 1
	i32.add
	local.get 1
	i32.const 3
	i32.lt_s
	if
	local.get 0
	local.get 1
	i32.const 1
	i32.add
	call longjmp
	end_if
	end_function

# what it returns is nobody's
	.globl dropped
	.type dropped,@function
dropped:
	.functype dropped (i32) -> ()
	local.get 0
	call setjmp
	drop
	end_function

	.type throws,@function
throws:
	.functype throws (i32) -> ()
	local.get 0
	throw odd
	end_function

# back into a try that is over, whose place another has had, to throw from there
	.globl in_try
	.type in_try,@function
in_try:
	.functype in_try (i32) -> (i32)
	.local i32, i32
	block i32
	try i32
	local.get 0
	call setjmp
	local.tee 1
	i32.const 2
	i32.eq
	if
	i32.const 5
	call throws
	end_if
	i32.const 0
	catch odd
	br 1
	end_try
	drop
	try
	i32.const 6
	call throws
	catch odd
	drop
	end_try
	local.get 0
	local.get 1
	i32.const 1
	i32.add
	call longjmp
	unreachable
	end_block
	end_function

# a count in one variable, an address in another
	.globl in_loop
	.type in_loop,@function
in_loop:
	.functype in_loop (i32, i32, i32) -> (i32)
	.local i32, i32, i32
	loop
	local.get 3
	i32.const 3
	i32.eq
	if
	local.get 0
	call setjmp
	local.set 5
	end_if
	local.get 1
	local.get 3
	i32.const 2
	i32.shl
	i32.add
	local.get 5
	i32.store 0
	local.get 3
	i32.const 1
	i32.add
	local.tee 3
	i32.const 64
	i32.lt_u
	br_if 0
	end_loop
	local.get 5
	local.get 2
	i32.lt_u
	if
	local.get 0
	local.get 5
	i32.const 1
	i32.add
	call longjmp
	end_if
	local.get 5
	end_function
