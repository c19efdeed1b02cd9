/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _WASM_TIME_H
#define _WASM_TIME_H
void wasm_timer_irq(void);
void wasm_clock_irq(void);
/* This CPU has a timer from now on. */
void wasm_timer_start(void);
#endif
