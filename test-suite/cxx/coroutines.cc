// SPDX-License-Identifier: MIT
// Exceptions that leave a coroutine, or wait in it.  Without optimization: see doc/cxx.md.
#include <coroutine>
#include <exception>
#include <stdexcept>
#include <string>
#include "check.h"

static int alive;

struct Guard {
	std::string s = "a string that does not fit into itself";
	Guard() { alive++; }
	Guard(const Guard &) { alive++; }
	~Guard() { alive--; }
};

// unhandled_exception() throws it again if Leave, or keeps it for who asks next.
template<class Initial, bool Leave> struct Generator {
	struct promise_type {
		int value;
		std::exception_ptr kept;
		Generator get_return_object() { return Generator(std::coroutine_handle<promise_type>::from_promise(*this)); }
		Initial initial_suspend() { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		std::suspend_always yield_value(int v) { value = v; return {}; }
		void return_void() {}
		void unhandled_exception()
		{
			if (Leave)
				throw;
			kept = std::current_exception();
		}
	};
	std::coroutine_handle<promise_type> h;

	explicit Generator(std::coroutine_handle<promise_type> h) : h(h) {}
	Generator(const Generator &) = delete;
	~Generator() { h.destroy(); }
	int next()
	{
		h.resume();
		if (h.promise().kept)
			std::rethrow_exception(h.promise().kept);
		return h.done() ? -1 : h.promise().value;
	}
};

template<bool Leave> static Generator<std::suspend_always, Leave> inner(Guard, int n)
{
	Guard g;

	for (int i = 0; ; i++) {
		if (i == n)
			throw std::runtime_error("inner");
		co_yield i;
	}
}

template<bool Leave> static Generator<std::suspend_always, Leave> outer(int n)
{
	Guard g;
	auto in = inner<Leave>(Guard(), n);

	for (;;) {
		int v;

		try {
			v = in.next();
		} catch (std::runtime_error &e) {
			throw std::logic_error(std::string("outer of ") + e.what());
		}
		co_yield v;
	}
}

template<bool Leave> static Generator<std::suspend_never, Leave> at_once(Guard)
{
	Guard g;

	throw std::runtime_error("at once");
	co_return;
}

template<bool Leave> static void left()
{
	int sum = 0;

	{
		auto g = outer<Leave>(4);

		try {
			for (;;)
				sum += g.next();
		} catch (std::logic_error &e) {
			check(e.what() == std::string("outer of inner") && g.h.done());
		}
		check(sum == 6);
	}
	check(alive == 0);
	try {
		auto g = at_once<Leave>(Guard());

		check(!Leave && g.h.done());
	} catch (std::runtime_error &e) {
		check(Leave && e.what() == std::string("at once"));
	}
	check(alive == 0);
}

int main()
{
	for (int i = 0; i < 3; i++) {
		left<true>();
		left<false>();
	}
	return status;
}
