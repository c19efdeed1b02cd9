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
