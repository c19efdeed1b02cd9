#include <unistd.h>
#include "libc.h"

/* Linked if the program's main has three parameters: the compiler then
 * leaves its name alone. */

int main3(int, char **, char **) __asm__("main");

weak int __main_argc_argv(int argc, char **argv)
{
	return main3(argc, argv, __environ);
}
