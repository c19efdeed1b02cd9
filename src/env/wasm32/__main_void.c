#include "libc.h"

/* Linked if the program's main has parameters, and never called: it makes the
 * linker look for that main in libraries, too. */

int __main_argc_argv(int, char **);

weak int __main_void(void)
{
	return __main_argc_argv(0, 0);
}
