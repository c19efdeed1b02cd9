/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the arch's code calls in its drivers.  The first four are interrupt
 * handlers, one for each bit HOST_IRQ_* of that name.
 */
#ifndef _WASM_DRIVERS_H
#define _WASM_DRIVERS_H

#include <linux/init.h>

void wasm_stream_irq(void);
void wasm_tty_irq(void);
void wasm_tty_winch(void);
#ifdef CONFIG_WASM_NET
void wasm_net_irq(void);
#else
static inline void wasm_net_irq(void) { }
#endif
#ifdef CONFIG_WASM_DISK
void wasm_disk_irq(void);
#else
static inline void wasm_disk_irq(void) { }
#endif

/* stream.c: one more open file of stream n, one less; stream_file.c */
void wasm_stream_get(int n);
void wasm_stream_put(int n);
int wasm_stream_file(int n, int flags);

/* From setup_arch(), so that the first messages are seen. */
void __init wasm_early_console(void);

#endif
