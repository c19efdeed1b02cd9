#include <unistd.h>
#include "libc.h"

/* Linked if the program's main has three parameters: the compiler then
 * leaves its name alone. */

extern hidden int __main_argc;
extern hidden char **__main_argv;
int main3(int, char **, char **) __asm__("main");

weak int __main_void(void)
{
	return main3(__main_argc, __main_argv, __environ);
}
