/* SPDX-License-Identifier: MIT */
#include "compile.h"

const char *cpu_flags(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("x86-64-v3"))
		return "-march=x86-64-v3";
	if (__builtin_cpu_supports("x86-64-v2"))
		return "-march=x86-64-v2";
	return "-march=x86-64";
}
