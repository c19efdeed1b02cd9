// SPDX-License-Identifier: MIT
// cxx WHAT: see rows.h.  What C++ costs beside C: exceptions, objects, libc++.
#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>
extern "C" {
#include "rows.h"
}

static volatile long result;

// The compiler does not know that it throws nothing, nor what it does to p.
__attribute__((noinline)) static void opaque(void *p)
{
	__asm__ volatile("" :: "r"(p) : "memory");
#ifdef __cpp_exceptions
	if (!p)
		throw 1;
#else
	if (!p)
		__builtin_trap();
#endif
}

struct Guard {
	int n;
	explicit Guard(int n) : n(n) { opaque(this); }
	~Guard() { result = result + n; }
};

static void cleanup()
{
	for (int i = 0; i < times; i++) {
		Guard g(i);

		opaque(&g);
	}
}

static std::string numbered(unsigned i)
{
	return "a name that does not fit into itself " + std::to_string(i * 2654435761u % 100000);
}

static void strings()
{
	std::vector<std::string> v;

	for (int i = 0; i < times; i++)
		v.push_back(numbered(i));
	std::sort(v.begin(), v.end());
	result = v[times / 2].size();
}

static void maps()
{
	std::map<std::string, int> m;

	for (int i = 0; i < times; i++)
		m[numbered(i % 1000)] += i;
	result = m.size();
}

static void streams()
{
	for (int i = 0; i < times; i++) {
		std::ostringstream o;
		int n;

		o << i << ' ' << 1.5 << " word";
		std::istringstream in(o.str());
		in >> n;
		result = result + n;
	}
}

#ifdef __cpp_exceptions
static void throws()
{
	for (int i = 0; i < times; i++) {
		try {
			opaque(nullptr);
		} catch (int n) {
			result = result + n;
		}
	}
}

__attribute__((noinline)) static void nest(int depth)
{
	Guard g(depth);

	if (depth)
		nest(depth - 1);
	else
		opaque(nullptr);
}

static void through()
{
	for (int i = 0; i < times; i++) {
		try {
			nest(20);
		} catch (int n) {
			result = result + n;
		}
	}
}
#endif

static const struct row rows[] = {
	{ "cleanup", cleanup, 10000000 },
	{ "strings", strings, 20000 },
	{ "maps", maps, 100000 },
	{ "streams", streams, 50000 },
#ifdef __cpp_exceptions
	{ "throw", throws, 100000 },
	{ "through", through, 10000 },
#endif
	{ nullptr, nullptr, 0 },
};

int main(int argc, char **argv)
{
	return measure(rows, argc > 1 ? argv[1] : "");
}
