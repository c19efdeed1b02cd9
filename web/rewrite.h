/* SPDX-License-Identifier: MIT */
/*
 * Makes of a program one that runs without an MMU, for web/machine.js: each
 * load and store goes by a table of page deltas that is in the same linear
 * memory as the kernel and all programs.
 */
#ifndef MUSLIN_REWRITE_H
#define MUSLIN_REWRITE_H

#include <stddef.h>
#include <stdint.h>

struct rewritten {
	uint8_t *module;	/* malloc()'s */
	size_t size;
	uint8_t *data;		/* what is at [WASM_PAGE, data_end) when it starts */
	uint32_t data_start, data_end, end;	/* as in struct host_image */
	char error[248];	/* why it was refused */
	uint16_t *slots;	/* what has to be at slots, below */
	uint32_t nslots;
	char *about;		/* what link.js has to know: linked.c; NULL if nothing */
	size_t nabout;
};

/*
 * image is valid WebAssembly, which the engine has said, but not trusted
 * otherwise.  tlb is where the table is: 8 bytes for each page, what to add to
 * an address to read there, and to write, 0: call the slow path.  poll is the
 * word that says that there is an interrupt.  slots is where the table's types will be: at most
 * MAX_SLOTS.  how: any of enum rewrite_how.  0, -ENOEXEC or -ENOMEM.
 */
int rewrite(const void *image, size_t size, uint32_t tlb, uint32_t poll, uint32_t how, uint32_t slots,
	    struct rewritten *out);

enum rewrite_how {
	REWRITE_COUNTS = 1,	/* loops count poll's word down, which is then negative */
	REWRITE_REENTERS = 2,	/* functions go on in code that was compiled since: reenter.c */
	REWRITE_LIBRARY = 4,	/* it is a shared library, or an error */
};

/*
 * Makes of the kernel one whose tasks can leave their stacks and enter them again, if
 * only these functions are on them: see kernel.c.
 */
int rewrite_kernel(const void *image, size_t size, uint32_t tlb, const uint32_t *functions, uint32_t n,
		   struct rewritten *out);
void rewritten_free(struct rewritten *r);

#endif
