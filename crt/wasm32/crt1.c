#include <features.h>
#include "libc.h"

#define START "_start"

#include "crt_arch.h"
#include "start_main.h"

int __libc_start_main(int (*)(int, char **, char **), int, char **,
	void (*)(), void (*)(), void (*)());

void _init(void)
{
	__eh_call(call_ctors, 0);
}

hidden void _start_c(long *p)
{
	int argc = p[0];
	char **argv = (void *)(p+1);
	__libc_start_main(start_main, argc, argv, 0, 0, 0);
}
