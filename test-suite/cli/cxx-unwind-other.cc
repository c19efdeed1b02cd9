// SPDX-License-Identifier: MIT
// A library for cxx-unwind.cc: one exception at a time, an int.
#include <stdlib.h>
#include "cxx-unwind.h"

__asm__(
	".tagtype __cpp_exception i32\n"
	".globl __cpp_exception\n"
	"__cpp_exception:\n"
);

int raised;

void raise(int what)
{
	raised = what;
	__builtin_wasm_throw(0, &raised);
}

void jump(jmp_buf j)
{
	longjmp(j, 1);
}

int opaque(int n)
{
	return n;
}

extern "C" {
void *__cxa_begin_catch(void *p) { return p; }
void __cxa_end_catch() {}
[[noreturn]] void __cxa_rethrow() { __builtin_wasm_throw(0, &raised); }
// Only its address is looked at, by nobody.
int __gxx_wasm_personality_v0() { abort(); }
}

namespace std {
[[noreturn]] void terminate() noexcept { abort(); }
}
