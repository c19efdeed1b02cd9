// SPDX-License-Identifier: MIT
#include <sys/resource.h>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>
#include "check.h"

struct Count {
	static int alive;
	Count() { alive++; }
	Count(const Count &) { alive++; }
	~Count() { alive--; }
};
int Count::alive;

struct Base { virtual ~Base() = default; };
struct Left : virtual Base { int l = 1; };
struct Right : virtual Base { int r = 2; };
struct Both : Left, Right { Count c; };

template <class T, class F> static bool throws(F f)
{
	try {
		f();
	} catch (T &) {
		return true;
	} catch (...) {
	}
	return false;
}

static void types()
{
	check(throws<int>([] { throw 1; }));
	check(!throws<int>([] { throw 1u; }));
	check(throws<Base>([] { throw Both(); }));
	check(throws<Right>([] { throw Both(); }));
	check(throws<const void *>([] { throw (const void *)"s"; }));
	check(throws<std::logic_error>([] { throw std::out_of_range("x"); }));
	check(throws<std::out_of_range>([] { (void)std::vector<int>(3).at(3); }));
	check(throws<std::out_of_range>([] { (void)std::string("abc").substr(4); }));
	check(throws<std::bad_cast>([] { Left l; Base &b = l; (void)dynamic_cast<Right &>(b); }));
	check(throws<std::bad_typeid>([] { Base *volatile b = nullptr; Base *c = b; (void)typeid(*c); }));
	check(throws<std::bad_function_call>([] { std::function<void()>()(); }));
	check(Count::alive == 0);
}

static void rtti()
{
	std::unique_ptr<Base> b = std::make_unique<Both>();

	check(dynamic_cast<Right *>(b.get())->r == 2);
	check(dynamic_cast<Left *>(dynamic_cast<Right *>(b.get()))->l == 1);
	Base &r = *b;
	check(typeid(r) == typeid(Both) && std::string(typeid(r).name()) == "4Both");
}

// volatile, or the compiler takes them away
static void *volatile kept;
static volatile std::size_t much = 0xf0000000;

static void no_memory()
{
	check(throws<std::bad_alloc>([] { kept = new char[much]; }));
	check(throws<std::bad_alloc>([] { kept = new Both[much]; }));
	check(throws<std::length_error>([] { std::vector<char> v(much); }));
	rlimit old, l = { 64 << 20, RLIM_INFINITY };
	check(!getrlimit(RLIMIT_AS, &old) && !setrlimit(RLIMIT_AS, &l));
	check(throws<std::bad_alloc>([] { kept = new char[much >> 5]; }));
	check(!setrlimit(RLIMIT_AS, &old));
	kept = new (std::nothrow) char[much];
	check(!kept);
}

static void nested()
{
	try {
		try {
			throw std::runtime_error("inner");
		} catch (...) {
			std::throw_with_nested(std::logic_error("outer"));
		}
	} catch (std::exception &e) {
		check(std::string(e.what()) == "outer");
		check(throws<std::runtime_error>([&] { std::rethrow_if_nested(e); }));
	}
	check(std::uncaught_exceptions() == 0 && !std::current_exception());
}

static int depth(int n)
{
	Count c;

	if (!n)
		throw n;
	return depth(n - 1) + 1;
}

static void unwinding()
{
	for (int i = 0; i < 100; i++)
		check(throws<int>([] { depth(100); }));
	check(Count::alive == 0);
	struct InDestructor {
		int &n;
		~InDestructor()
		{
			n = std::uncaught_exceptions();
			try {
				throw 1.5;
			} catch (double) {
				n += 10;
			}
		}
	};
	int n = 0;
	check(throws<int>([&] { InDestructor d{ n }; throw 2; }) && n == 11);
}

struct Member {
	Member() { throw 5; }
};
struct Whole {
	Count c;
	Member m;
	Whole() try : c(), m() {
	} catch (int n) {
		check(n == 5);
	}
};

int main()
{
	types();
	rtti();
	no_memory();
	nested();
	unwinding();
	check(throws<int>([] { Whole w; }) && Count::alive == 0);
	// an exception that is kept, and thrown twice
	std::exception_ptr p = std::make_exception_ptr(std::string("kept"));
	for (int i = 0; i < 2; i++)
		check(throws<std::string>([&] { std::rethrow_exception(p); }));
	return status;
}
