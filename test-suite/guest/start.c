/* SPDX-License-Identifier: MIT */
/* What a program finds when it starts: arguments, environment, auxiliary
 * vector, constructors called once, zeroed memory, an aligned stack. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "test.h"

static int constructed, zero[100000];
static const char *volatile data = "data";

__attribute__((constructor)) static void constructor(void)
{
	constructed++;
}

__attribute__((destructor)) static void destructor(void)
{
	if (constructed != 1)
		_exit(3);
}

/* the form with three parameters has a way of its own, see crt1.c */
int main(int argc, char **argv, char **envp)
{
	unsigned long page;
	_Alignas(16) char local[16];

	t_check(argc == 1 && argv[0] && !argv[1]);
	t_check(envp == environ);
	t_check(constructed == 1);
	t_check(!strcmp(data, "data"));
	t_check((uintptr_t)local % 16 == 0);
	for (size_t i = 0; i < sizeof(zero) / sizeof(*zero); i++)
		if (zero[i])
			t_error("zero[%zu] is %d\n", i, zero[i]);
	page = getauxval(AT_PAGESZ);
	t_check(page == 4096 || page == 16384 || page == 65536);
	t_check(sysconf(_SC_PAGESIZE) == (long)page);
	t_check(getauxval(AT_UID) == getuid());
	t_check(getauxval(AT_RANDOM) != 0);
	return t_status;
}
