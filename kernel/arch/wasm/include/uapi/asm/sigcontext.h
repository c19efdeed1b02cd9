/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_ASM_WASM_SIGCONTEXT_H
#define _UAPI_ASM_WASM_SIGCONTEXT_H

/* A handler sees no registers: user code keeps them on the native stack. */
struct sigcontext {
	unsigned int in_syscall;	/* the signal interrupted a system call */
	/* a handler's wish: it, or else the next that would sleep, returns EINTR */
	unsigned int no_restart;
};

#endif
