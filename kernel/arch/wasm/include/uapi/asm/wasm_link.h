/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * wasm_link(): shared libraries become part of a process, see doc/abi.md.  Who calls it
 * has chosen where everything is, and looked up all symbols.
 */
#ifndef _UAPI_ASM_WASM_LINK_H
#define _UAPI_ASM_WASM_LINK_H

#include <linux/types.h>

struct wasm_module {
	/* The first address of its file, which is mapped with PROT_EXEC; 0: the program. */
	__u32 text;
	__u32 memory_base;
	__u32 table_base;
	/* What its __tls_base is more than the program's. */
	__u32 tls;
	/* One for each of its imports, in their order. */
	__u32 nvalues;
	__u32 values;		/* const __u32 * */
	/* Where to say why it was refused; may be 0. */
	__u32 error;		/* char * */
	__u32 error_size;
};

/* Of one call. */
#define WASM_LINK_MODULES	256
#define WASM_LINK_VALUES	10000

/* As a function's value: the module's own export of that name. */
#define WASM_LINK_OWN		0xffffffffu

#endif
