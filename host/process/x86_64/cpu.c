/* SPDX-License-Identifier: MIT */
#include <linux/audit.h>
#include "process/cpu.h"

const uint32_t cpu_audit_arch = AUDIT_ARCH_X86_64;

const char *cpu_flags(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("x86-64-v3"))
		return "-march=x86-64-v3";
	if (__builtin_cpu_supports("x86-64-v2"))
		return "-march=x86-64-v2";
	return "-march=x86-64";
}
