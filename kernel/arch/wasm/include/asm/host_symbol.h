/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_HOST_SYMBOL_H
#define _ASM_WASM_HOST_SYMBOL_H

/* A function of the kernel, in bytes of native code; the kernel and its host share this. */
struct host_symbol {
	unsigned int offset;	/* of the place in it */
	unsigned int size;	/* of the function */
	char name[120];
};

#endif
