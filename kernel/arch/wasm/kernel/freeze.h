/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt handlers: HOST_IRQ_FREEZE, HOST_IRQ_THAW. */
#ifndef _WASM_FREEZE_H
#define _WASM_FREEZE_H
void wasm_freeze(void);
void wasm_thaw(void);
/* resumed.c: this machine is a copy, which has to be told to programs. */
void wasm_resumed(void);
#endif
