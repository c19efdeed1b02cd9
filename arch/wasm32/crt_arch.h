/* The host gives the address of argc; the stack is below it. */
__asm__(
".globaltype __stack_pointer, i32\n"
".functype _start_c (i32) -> ()\n"
".section .text." START ",\"\",@\n"
".globl " START "\n"
".export_name " START ", " START "\n"
".type " START ",@function\n"
START ":\n"
"	.functype " START " (i32) -> ()\n"
"	local.get 0\n"
"	global.set __stack_pointer\n"
"	local.get 0\n"
"	call _start_c\n"
"	end_function\n"
);

/* What can be written begins on a page of its own, and constants, which the
 * linker has before it, end there: this is the first object's first.  It is not
 * empty, so that the segment which it begins is there. */
__asm__(
".section .data.start,\"R\",@\n"
".globl __data_start\n"
".p2align 16\n"
"__data_start:\n"
"	.int8 0\n"
".size __data_start, 1\n"
);
