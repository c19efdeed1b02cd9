/* SPDX-License-Identifier: MIT */
#include <asm/prctl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "machine/vcpu.h"

/* asm/hwcap2.h: both the processor and the host's kernel can. */
#define FSGSBASE (1 << 1)

/* A system call takes ten times as long; tests want it where none is needed. */
static bool by_instruction(void)
{
	const char *given = getenv("MUSLIN_FSGSBASE");

	return getauxval(AT_HWCAP2) & FSGSBASE && !(given && *given == '0');
}

static bool can;

static __attribute__((constructor)) void find_out(void)
{
	can = by_instruction();
}

uint64_t vcpu_register(void)
{
	uint64_t base = 0;

	if (can)
		__asm__ volatile("rdgsbase %0" : "=r"(base));
	else
		syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
	return base;
}

void set_vcpu_register(uint64_t base)
{
	if (can)
		__asm__ volatile("wrgsbase %0" : : "r"(base));
	else
		syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}
