// SPDX-License-Identifier: MIT
/* A program that needs libtwo.so, and so libone.so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "dlopen.h"

#define WANT(x) do { if (!(x)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #x); failed = 1; } } while (0)

extern int one_data, one_array[4];
extern _Thread_local int one_tls;
extern int *one_pointer;
int one_add(int, int), one_call(function *, int), one_thread(int), two(int), two_same(void), one_weak(void);
function *one_inner(void), *one_main(void);
extern int nowhere(void) __attribute__((weak));
extern int no_data __attribute__((weak));

int main_data = 7;
_Thread_local int main_tls = 5;
int *pointer = &one_data;
function *pointer_to_two = two;
static char notes[16], *last = notes;
static int failed;

void note(char c)
{
	*last++ = c;
	if (c == 'a' && strcmp(notes, "12mba"))
		printf("constructors, destructors: %s\n", notes);
}

int main_function(int x) { return x + main_data; }

__attribute__((constructor)) static void begin(void)
{
	WANT(!strcmp(notes, "12"));
	note('m');
}

static void *thread(void *arg)
{
	WANT(one_tls == 10 && main_tls == 5);
	one_tls = 3;
	WANT(one_thread(1) == 10 + 4 + 6 + 1);
	return NULL;
}

int main(void)
{
	pthread_t t;

	WANT(one_data == 42 && one_array[2] == 3 && pointer == &one_data && one_pointer == &main_data);
	WANT(one_add(1, 2) == 3 + 42 + 7 + 8);
	main_data = 10;
	WANT(one_add(1, 2) == 3 + 42 + 10 + 11);
	WANT(pointer_to_two(1) == one_add(1, 1) + one_data && two_same());
	WANT(one_main() == main_function && one_call(one_inner(), 3) == 10);
	WANT(!nowhere && !&no_data && one_weak());
	WANT(dlsym(RTLD_DEFAULT, "two") == (void *)pointer_to_two);
	WANT(dlopen("libtwo.so", RTLD_NOW | RTLD_NOLOAD));
	one_tls = 100;
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	WANT(one_tls == 100);
	return failed;
}
