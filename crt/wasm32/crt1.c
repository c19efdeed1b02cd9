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

static void *call_ctors(void *p)
{
	__wasm_call_ctors();
	return p;
}

/* libunwind's, if it is there, catches exceptions, and terminates. */
weak void *__eh_call(void *(*f)(void *), void *p)
{
	return f(p);
}

void _init(void)
{
	__eh_call(call_ctors, 0);
}

struct main_args {
	int argc;
	char **argv;
};

static void *call_main(void *p)
{
	struct main_args *a = p;
	return (void *)(__main_argc_argv ? __main_argc_argv(a->argc, a->argv) : __main_void());
}

static int start_main(int argc, char **argv, char **envp)
{
	struct main_args a = { argc, argv };
	return (int)__eh_call(call_main, &a);
}

hidden void _start_c(long *p)
{
	int argc = p[0];
	char **argv = (void *)(p+1);
	__libc_start_main(start_main, argc, argv, 0, 0, 0);
}
