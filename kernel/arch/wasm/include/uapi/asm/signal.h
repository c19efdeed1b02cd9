/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_ASM_WASM_SIGNAL_H
#define _UAPI_ASM_WASM_SIGNAL_H

/* sa_restorer: table index of the dispatcher that calls handlers */
#define SA_RESTORER	0x04000000

#include <asm-generic/signal.h>

#endif
