// SPDX-License-Identifier: MIT
// Throws in forked children, from a handler, and past functions of C.
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <memory>
#include <stdexcept>
#include <string>
#include "check.h"

struct Object {
	static int destroyed;
	~Object() { destroyed++; }
};
int Object::destroyed;

static int child(int n)
{
	try {
		auto s = std::make_unique<std::string>(100, 'x');
		if (n)
			throw std::runtime_error(*s);
	} catch (std::exception &) {
		return n;
	}
	return 100;
}

static void fork_and_throw()
{
	try {
		Object o;
		for (int i = 1; i < 5; i++) {
			pid_t pid = fork();
			int s;

			if (!pid)
				_exit(child(i));
			check(waitpid(pid, &s, 0) == pid && WEXITSTATUS(s) == i);
		}
		// the handler is the parent's, called before the fork
		pid_t pid = fork();
		if (!pid)
			throw 42;
		int s;
		check(waitpid(pid, &s, 0) == pid && WEXITSTATUS(s) == 43);
	} catch (int n) {
		_exit(n + Object::destroyed);
	}
}

static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	if (x == 13 || y == 13)
		throw std::string("unlucky");
	return x - y;
}

static void past_c()
{
	int a[] = { 5, 3, 13, 1, 7 };

	try {
		qsort(a, 5, sizeof(*a), compare);
		check(!"qsort returned");
	} catch (std::string &s) {
		check(s == "unlucky");
	}
}

static void handler(int)
{
	throw 9;
}

static void from_handler()
{
	signal(SIGUSR1, handler);
	for (int i = 0; i < 3; i++) {
		sigset_t none;
		try {
			Object o;
			raise(SIGUSR1);
			check(!"raise returned");
		} catch (int n) {
			check(n == 9);
		}
		// as after longjmp, the signal is blocked
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, nullptr);
	}
}

static jmp_buf there;
[[gnu::noinline]] static void jump() noexcept
{
	Object o;

	longjmp(there, 1);
}

static void jump_past_objects()
{
	std::string kept(100, 'k');

	Object::destroyed = 0;
	if (!setjmp(there)) {
		try {
			Object o;
			jump();
		} catch (...) {
			check(!"a longjmp is caught");
		}
	}
	check(Object::destroyed == 0 && kept.size() == 100 && kept[99] == 'k');
}

int main()
{
	fork_and_throw();
	past_c();
	from_handler();
	jump_past_objects();
	return status;
}
