/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_SECCOMP_H
#define _ASM_WASM_SECCOMP_H

#include <asm-generic/seccomp.h>

#define SECCOMP_ARCH_NATIVE		AUDIT_ARCH_WASM32
#define SECCOMP_ARCH_NATIVE_NR		NR_syscalls
#define SECCOMP_ARCH_NATIVE_NAME	"wasm32"

#endif
