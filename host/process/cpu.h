/* SPDX-License-Identifier: MIT */
/* What is particular to a processor: ARCH/cpu.c. */
#ifndef MUSLIN_CPU_H
#define MUSLIN_CPU_H

#include <stdint.h>

/* Options of a C compiler for the processor that this is. */
const char *cpu_flags(void);
/* What seccomp calls the system calls that this is compiled for. */
extern const uint32_t cpu_audit_arch;

#endif
