/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_FAULT_H
#define _ASM_WASM_FAULT_H

struct pt_regs;

/*
 * Brings the page at a user address in, or returns the signal for a program
 * that touches it (SIGSEGV, SIGBUS), with *code as its si_code.  A negative
 * value: nothing to tell the program, a fatal signal is pending.  With code
 * NULL the access is the kernel's.  May sleep.
 */
int wasm_fault_in(unsigned long addr, bool write, int *code);

#endif
