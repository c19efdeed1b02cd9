/* SPDX-License-Identifier: MIT */
/* Exceptions of a library are the program's: thrown in one, caught in the other, both ways. */
#include <sys/wait.h>
#include <typeinfo>
extern "C" {
#include "libraries-load.h"
void *__cxa_allocate_exception(size_t);
void __cxa_throw(void *, std::type_info *, void (*)(void *));
}

static int notes;
static void note() { notes++; }

static struct library lib[1];

static int throw_twice(int x)
{
	throw 2 * x;
}

static int caught(int (*f)(int), int x)
{
	try {
		return f(x);
	} catch (int y) {
		return 100 + y;
	}
}

int main()
{
	static const struct symbol own[] = {
		{ "note", (uint32_t)note }, { "_ZTIi", (uint32_t)&typeid(int) },
		{ "__cxa_allocate_exception", (uint32_t)__cxa_allocate_exception },
		{ "__cxa_throw", (uint32_t)__cxa_throw }, { nullptr, 0 },
	};
	int (*thrower)(int), (*pass)(int (*)(int), int), status;

	if (map_library(lib, "throw.so") || link_libraries(lib, 0, 1, own)) {
		puts(lib->error);
		return 1;
	}
	thrower = (int (*)(int))address(lib, "throw_int");
	pass = (int (*)(int (*)(int), int))address(lib, "pass");
	if (caught(thrower, 1) != 1 || caught(thrower, 5) != 105)
		return 2;
	/* main -> pass, in the library -> throw_twice, caught here */
	try {
		pass(throw_twice, 3);
		return 3;
	} catch (int y) {
		if (y != 6 || notes != 1)
			return 4;
	}
	if (!fork())
		_exit(caught(thrower, 7) == 107 ? 9 : 10);
	wait(&status);
	return WEXITSTATUS(status) == 9 ? 0 : 5;
}
