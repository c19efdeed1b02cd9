// SPDX-License-Identifier: MIT
#include <setjmp.h>

extern int raised;
[[noreturn]] void raise(int what);
[[noreturn]] void jump(jmp_buf j);
int opaque(int n);
