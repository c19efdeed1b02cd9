/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include "machine/switch.h"

#define RED_ZONE 128
#define PF_WRITE 2		/* page-fault error code */
#define DIRECTION_FLAG 0x400

/*
 * The kernel's signal frame holds less than glibc's ucontext_t: up to and
 * with a mask of 8 bytes.  The FPU's state lies elsewhere; its size is in
 * its own reserved bytes, asm/sigcontext.h: struct _fpx_sw_bytes.
 */
#define FRAME_SIZE (offsetof(ucontext_t, uc_sigmask) + 8)
#define FPX_SW_BYTES 464
#define FXSAVE_SIZE 512

#define MXCSR_DEFAULT 0x1f80	/* all exceptions masked */
/* of it: exceptions but the denormal operand's, and the rounding mode */
#define FENV_FLAGS 0x3d
#define FENV_ROUND 0x0c00
#define FENV_ROUND_SHIFT 3

void switch_start(void);
void context_return(void);

void *switch_prepare(void *top, void (*fn)(void *arg), void *arg)
{
	uint64_t *sp = (uint64_t *)((uintptr_t)top & -16l);

	*--sp = (uintptr_t)switch_start;
	*--sp = 0;			/* rbp */
	*--sp = (uintptr_t)fn;		/* rbx */
	*--sp = (uintptr_t)arg;		/* r12 */
	*--sp = 0;
	*--sp = 0;
	*--sp = 0;
	*--sp = 0x037full << 32 | MXCSR_DEFAULT;	/* the ABI's control words */
	return sp;
}

uint32_t fenv_get(void)
{
	uint32_t csr = __builtin_ia32_stmxcsr();

	return (csr & FENV_FLAGS) | (csr >> FENV_ROUND_SHIFT & FENV_ROUND);
}

void fenv_set(uint32_t env)
{
	__builtin_ia32_ldmxcsr(MXCSR_DEFAULT | (env & FENV_FLAGS) |
			       (env & FENV_ROUND) << FENV_ROUND_SHIFT);
}

bool context_is_write(const ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_ERR] & PF_WRITE;
}

void *context_sp(const ucontext_t *uc)
{
	return (void *)uc->uc_mcontext.gregs[REG_RSP];
}

void *context_pc(const ucontext_t *uc)
{
	return (void *)uc->uc_mcontext.gregs[REG_RIP];
}

static size_t fpstate_size(const void *fp)
{
	uint32_t sw[2];

	memcpy(sw, (const char *)fp + FPX_SW_BYTES, sizeof(sw));
	return sw[0] == FP_XSTATE_MAGIC1 ? sw[1] : FXSAVE_SIZE;
}

void context_divert(ucontext_t *uc, void *top, void (*fn)(void *arg),
		    const void *arg, size_t size)
{
	greg_t *regs = uc->uc_mcontext.gregs;
	uintptr_t sp = top ? (uintptr_t)top : (uintptr_t)regs[REG_RSP] - RED_ZONE;
	size_t fpsize = fpstate_size(uc->uc_mcontext.fpregs);
	uintptr_t fp, copy;
	ucontext_t *frame;

	fp = (sp - fpsize) & -64l;
	memcpy((void *)fp, uc->uc_mcontext.fpregs, fpsize);
	copy = (fp - size) & -16l;
	memcpy((void *)copy, arg, size);
	frame = (ucontext_t *)((copy - FRAME_SIZE) & -16l);
	memcpy(frame, uc, FRAME_SIZE);
	frame->uc_mcontext.fpregs = (fpregset_t)fp;
	/* no stack that there can be: the alternate one is what it is by then */
	frame->uc_stack.ss_flags = -1;

	regs[REG_RSP] = (greg_t)frame;
	regs[REG_RIP] = (greg_t)context_return;
	regs[REG_RBX] = (greg_t)fn;
	regs[REG_RDI] = copy;
	regs[REG_EFL] &= ~(greg_t)DIRECTION_FLAG;
}
