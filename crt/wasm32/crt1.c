#include <features.h>
#include "libc.h"

#define START "_start"

#include "crt_arch.h"

/* The compiler's names for main with two parameters and with none.  Only the
 * second is looked for in libraries, lest the main of one, with two, be linked
 * beside that of a program, with none; libc's then looks for the first. */
weak int __main_argc_argv(int, char **);
int __main_void(void);
int __libc_start_main(int (*)(int, char **, char **), int, char **,
	void (*)(), void (*)(), void (*)());

/* made by the linker; if nobody calls it, it does so from every export */
hidden void __wasm_call_ctors(void);

void _init(void)
{
	__wasm_call_ctors();
}

static int start_main(int argc, char **argv, char **envp)
{
	return __main_argc_argv ? __main_argc_argv(argc, argv) : __main_void();
}

hidden void _start_c(long *p)
{
	int argc = p[0];
	char **argv = (void *)(p+1);
	__libc_start_main(start_main, argc, argv, 0, 0, 0);
}
