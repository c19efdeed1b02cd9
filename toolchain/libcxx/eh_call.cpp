// SPDX-License-Identifier: MIT
// Part of libunwind.a: what is not in LLVM's.

// The tag of what C++ throws, an address: whoever throws or catches needs it.
__asm__(
	".tagtype __cpp_exception i32\n"
	".globl __cpp_exception\n"
	"__cpp_exception:\n"
);

namespace std {
[[noreturn]] void terminate() noexcept;
}

// WebAssembly unwinds before it knows who catches, and traps if nobody does.  So libc
// calls main, constructors and a thread's function by this, instead of its own.
extern "C" void *__eh_call(void *(*f)(void *), void *p)
{
	try {
		return f(p);
	} catch (...) {
		std::terminate();
	}
}
