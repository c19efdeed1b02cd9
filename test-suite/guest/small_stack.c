// SPDX-License-Identifier: MIT
// printf() took 8 KiB of stack, also where no floating-point number was printed.
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "test.h"

#define STACK 4096
#define BELOW 65536

static _Alignas(16) unsigned char space[BELOW + STACK];

static void *print(void *arg)
{
	char s[64];

	snprintf(s, sizeof s, "%d %s %p", -5, "word", arg);
	return NULL;
}

int main(void)
{
	pthread_attr_t a;
	pthread_t t;
	int below = 0;

	memset(space, 0xa5, sizeof space);
	pthread_attr_init(&a);
	t_check(!pthread_attr_setstack(&a, space + BELOW, STACK));
	t_check(!pthread_create(&t, &a, print, space));
	t_check(!pthread_join(t, NULL));
	for (int i = 0; i < BELOW; i++)
		below += space[i] != 0xa5;
	if (below)
		t_error("%d bytes below a stack of %d were written\n", below, STACK);
	return t_status;
}
