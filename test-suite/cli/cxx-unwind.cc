// SPDX-License-Identifier: MIT
// A catch_all caught longjmp: what lived on was destroyed, and noexcept ended the program.
// What C++ needs of a library for that, and no more, is below; cxx-unwind-other.cc has
// what must not be inlined.
#include <setjmp.h>
#include <stdio.h>
#include "cxx-unwind.h"

static int destroyed;
struct Object {
	int *count;
	explicit Object(int *n = &destroyed) : count(n) {}
	Object(const Object &) = delete;
	~Object() { ++*count; }
};

#define check(x) ((x) ? (void)0 : (void)(status = 1, printf("%d: %s\n", __LINE__, #x)))
static int status;

static void clean_up_once()
{
	int n = 0;

	try {
		Object a(&n), b(&n);
		raise(7);
	} catch (...) {
		n += 10;
	}
	check(n == 12 && raised == 7);
}

static void see_what_was_assigned()
{
	int n = 1, m = opaque(5);

	try {
		n = opaque(2);
		m++;
		raise(1);
		n = 3;
	} catch (...) {
		n += 10 * m;
	}
	check(n == 62);
}

static void throw_again()
{
	int n = 0;

	try {
		Object a(&n);
		try {
			Object b(&n);
			raise(3);
		} catch (...) {
			check(n == 1);
			throw;
		}
	} catch (...) {
		n += 10;
	}
	check(n == 12 && raised == 3);
}

static void jump_from(jmp_buf j, void (*by)(jmp_buf))
{
	Object a;

	by(j);
}

static void try_jump(jmp_buf j, void (*by)(jmp_buf))
{
	Object a;

	try {
		by(j);
	} catch (...) {
		check(!"a longjmp is not caught");
	}
}

static void refuse_exceptions(jmp_buf j, void (*by)(jmp_buf)) noexcept
{
	Object a;

	by(j);
}

static void (*const ways[])(jmp_buf, void (*)(jmp_buf)) = {
	jump_from, try_jump, refuse_exceptions,
};

// Where the frame that is jumped to has something to destroy, too.
static void jump_here(void (*way)(jmp_buf, void (*)(jmp_buf)))
{
	jmp_buf j;
	volatile int n = 0;

	destroyed = 0;
	{
		Object mine;

		if (!setjmp(j)) {
			n = n + 1;
			way(j, jump);
		}
		check(destroyed == 0);
		n = n + 1;
	}
	check(destroyed == 1 && n == 2);
}

static void jump_direct()
{
	jmp_buf j;

	destroyed = 0;
	{
		Object mine;

		if (!setjmp(j))
			longjmp(j, 1);
		check(destroyed == 0);
	}
	check(destroyed == 1);
}

static void throw_past_setjmp()
{
	jmp_buf j;
	int n = 0;

	try {
		Object a(&n);

		if (!setjmp(j))
			raise(5);
		n = 100;
	} catch (...) {
		n += 10;
	}
	check(n == 11 && raised == 5);
}

static void jump_from_handler()
{
	jmp_buf j;
	volatile int n = 0;

	if (!setjmp(j)) {
		try {
			raise(1);
		} catch (...) {
			n = 1;
			jump(j);
		}
	}
	check(n == 1);
}

int main()
{
	for (int i = 0; i < 1000; i++) {
		clean_up_once();
		see_what_was_assigned();
		throw_again();
	}
	for (auto way : ways)
		jump_here(way);
	jump_direct();
	throw_past_setjmp();
	jump_from_handler();
	return status;
}
