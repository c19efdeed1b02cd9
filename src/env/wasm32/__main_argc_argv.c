#include "libc.h"

/* Linked if the program's main has not two parameters. */

hidden int __main_void(void);
hidden int __main_argc;
hidden char **__main_argv;

weak int __main_argc_argv(int argc, char **argv)
{
	__main_argc = argc;
	__main_argv = argv;
	return __main_void();
}
