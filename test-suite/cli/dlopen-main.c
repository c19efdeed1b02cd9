// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dlopen.h"

#define WANT(x) do { if (!(x)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #x); failed = 1; } } while (0)

static int failed;
int main_data = 7;
_Thread_local int main_tls = 5;
static char notes[16], *last = notes;
static sem_t opened, ready;
static void *one, *two;

void note(char c)
{
	*last++ = c;
	/* one's is the last */
	if (c == 'a' && strcmp(notes, "12ba"))
		printf("constructors, destructors: %s\n", notes);
}

int main_function(int x) { return x + main_data; }

static void *get(void *handle, const char *name)
{
	void *p = dlsym(handle, name);

	if (!p) {
		printf("%s\n", dlerror());
		exit(1);
	}
	return p;
}

/* Threads that were there before the libraries have their variables, too. */
static void *thread(void *arg)
{
	int (*f)(int);

	sem_post(&ready);
	sem_wait(&opened);
	main_tls = 5;
	f = (int (*)(int))get(one, "one_thread");
	WANT(f(0) == 10 + 10 + 5 + 1);
	WANT(f(3) == 11 + 13 + 8 + 2);
	WANT(*(int *)get(one, "one_tls") == 13);
	WANT(((int (*)(void))get(two, "two_thread"))() == 13008);
	return NULL;
}

static void data(void)
{
	int *one_data = get(one, "one_data");

	WANT(*one_data == 42);
	WANT(((int (*)(int, int))get(one, "one_add"))(1, 2) == 3 + 42 + 7 + 8);
	*one_data = 100;
	WANT(((function *)get(two, "two"))(1) == 2 + 100 + 7 + 8 + 100);
	WANT(*(int **)get(two, "two_pointer") == one_data);
}

static void functions(void)
{
	function *inner = ((function *(*)(void))get(one, "one_inner"))();

	WANT(inner(3) == 10);
	WANT(((int (*)(function *, int))get(one, "one_call"))(main_function, 4) == 11);
	WANT(((function *(*)(void))get(one, "one_main"))() == main_function);
	WANT(get(RTLD_DEFAULT, "main_function") == (void *)main_function);
	WANT(((int (*)(void))get(two, "two_same"))());
	WANT(((int (*)(void))get(one, "one_libc"))());
	WANT(((int (*)(void))get(one, "one_weak"))());
}

static void scopes(void)
{
	WANT(((int (*)(void))get(two, "shared_name"))() == 2);
	WANT(((int (*)(void))get(one, "shared_name"))() == 1);
	WANT(get(two, "one_add") == get(one, "one_add"));
	WANT(!dlsym(RTLD_DEFAULT, "two") && !strcmp(dlerror(), "Symbol not found: two"));
	WANT(!dlerror());
	WANT(dlopen("./libtwo.so", RTLD_NOW | RTLD_GLOBAL) == two);
	WANT(dlsym(RTLD_DEFAULT, "two") == get(two, "two"));
	WANT(dlsym(RTLD_NEXT, "two") == get(two, "two"));
	WANT(((int (*)(void))get(RTLD_DEFAULT, "shared_name"))() == 2);
}

static int failed_open(const char *name, int mode, const char *message)
{
	if (dlopen(name, mode))
		return 0;
	const char *s = dlerror();
	if (!strcmp(s, message))
		return 1;
	printf("%s\n", s);
	return 0;
}

static void errors(void)
{
	WANT(failed_open("./nothing.so", RTLD_NOW, "Error loading shared library ./nothing.so: No such file or directory"));
	WANT(failed_open("nothing.so", RTLD_NOW, "Error loading shared library nothing.so: No such file or directory"));
	WANT(failed_open("./text.so", RTLD_NOW, "Error loading shared library ./text.so: Exec format error"));
	WANT(failed_open("./cut.so", RTLD_NOW, "Error loading shared library ./cut.so: Exec format error"));
	WANT(failed_open("./empty.so", RTLD_NOW, "Error loading shared library ./empty.so: Exec format error"));
	WANT(failed_open("./main", RTLD_NOW, "Error loading shared library ./main: Exec format error"));
	WANT(failed_open("./", RTLD_NOW, "Error loading shared library ./: No such device"));
	WANT(failed_open("./libundefined.so", RTLD_NOW, "Error relocating ./libundefined.so: nobody_has_this: symbol not found"));
	WANT(failed_open("./libneeds.so", RTLD_NOW, "Error loading shared library libgone.so: No such file or directory (needed by ./libneeds.so)"));
	WANT(failed_open("./libthree.so", RTLD_NOW | RTLD_NOLOAD, "Library ./libthree.so is not already loaded"));
	WANT(failed_open("./libbig.so", RTLD_NOW, "Error loading shared library ./libbig.so: no room for its thread-local storage"));
	WANT(dlopen("./libone.so", RTLD_NOW | RTLD_NOLOAD) == one);
	WANT(dlclose((void *)1) && !strncmp(dlerror(), "Invalid library handle", 22));
	WANT(!dlclose(one));
}

static int find(struct dl_phdr_info *info, size_t size, void *found)
{
	*(int *)found += !strcmp(info->dlpi_name, "./libtwo.so") || !strcmp(info->dlpi_name, "./libone.so");
	return 0;
}

static void addresses(void)
{
	Dl_info info;
	int found = 0;

	WANT(dladdr(get(one, "one_add"), &info) && !strcmp(info.dli_fname, "./libone.so"));
	WANT(!strcmp(info.dli_sname, "one_add") && info.dli_saddr == get(one, "one_add"));
	WANT(dladdr((char *)get(one, "one_array") + 5, &info) && !strcmp(info.dli_sname, "one_array"));
	WANT(dladdr(main_function, &info) && !strcmp(info.dli_sname, "main_function"));
	WANT(dladdr(&main_data, &info) && !strcmp(info.dli_sname, "main_data"));
	WANT(!dladdr(&info, &info));
	dl_iterate_phdr(find, &found);
	WANT(found == 2);
}

static int fork_here(int x)
{
	return fork() ? x : x + 1000;
}

/* Within the library's calls; both go on to open another. */
static void forks(void)
{
	int r = ((int (*)(function *, int))get(one, "one_call"))(fork_here, 1), status;
	void *three = dlopen("./libthree.so", RTLD_NOW);

	if (!three) {
		printf("%s\n", dlerror());
		_exit(1);
	}
	WANT(((function *)get(three, "three"))(r) == 31 + r);
	WANT(((function *)get(three, "three"))(1) == 33 + r);
	WANT(((function *)get(one, "one_inner"))(0));
	if (r == 1001)
		_exit(failed);
	WANT(wait(&status) > 0 && status == 0);
}

int main(int argc, char **argv)
{
	pthread_t t[3];
	int i;

	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	sem_wait(&ready);
	sem_wait(&ready);
	/* libone.so, which it needs, is beside it */
	two = dlopen("./libtwo.so", RTLD_NOW);
	one = two ? dlopen("./libone.so", RTLD_NOW) : NULL;
	if (!one) {
		printf("%s\n", dlerror());
		return 1;
	}
	WANT(!strcmp(notes, "12"));
	/* goes on in another process, with threads that wait */
	if (argc > 1 && argv[1][0] == 'w' && getchar() == EOF)
		return 1;
	pthread_create(&t[i], NULL, thread, NULL);
	for (i = 0; i < 3; i++)
		sem_post(&opened);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	WANT(((function *)get(one, "one_thread"))(0) == 10 + 10 + 5 + 1);
	data();
	functions();
	errors();
	scopes();
	addresses();
	forks();
	return failed;
}
