/* The compiler's names for main with two parameters and with none.  Only the
 * second is looked for in libraries, lest the main of one, with two, be linked
 * beside that of a program, with none; libc's then looks for the first. */
weak int __main_argc_argv(int, char **);
int __main_void(void);

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
