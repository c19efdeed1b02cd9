/* SPDX-License-Identifier: MIT */
/*
 * What lies in the kernel's memory, above its physical memory and below
 * vmalloc space, where no program and no page of the kernel is.
 */
#ifndef MUSLIN_WEB_LAYOUT_H
#define MUSLIN_WEB_LAYOUT_H

/* The unit of page tables: no more than a page of the kernel's. */
#define PAGE_SHIFT 12
#define PAGE_MASK ((1u << PAGE_SHIFT) - 1)

/*
 * For each page what has to be added to its addresses, to read and to write; 0: nothing
 * is there.  What follows, up to 64 MiB, stays zero: see translate() in rewrite.c.
 */
#define TLB 0xd0000000u
#define PHYSICAL_END TLB

struct shared {
	unsigned int page;	/* the kernel's struct host_page */
	unsigned int ret;	/* of the system call that after() has looked at */
	unsigned int in_user;	/* neither kernel nor glue runs */
	unsigned int fork;	/* enum fork_state */
	unsigned int top;	/* the end of frames, from FRAMES on */
	unsigned int callee;	/* an index in the table, when it is called by another type */
	unsigned long long jumps;	/* how often setjmp has been called */
	unsigned int fenv;	/* as bits/fenv.h has it: float.c */
	unsigned int image, image_top;	/* as fork and top, of a task of the kernel: kernel.c */
	unsigned int traces;	/* somebody looks at system calls: trace.js */
	int left;	/* until breathe(), where programs count */
	unsigned int counts;	/* they do */
	unsigned int unused_too[2];
	unsigned char bounce[64];
	unsigned long long ints[32], floats[32];	/* arguments, see adapt.c */
};

#define SHARED ((volatile struct shared *)0xd4000000u)

/*
 * A program that forks returns through its frames, and puts each here; then
 * they are called again and take them, in the child as well: see fork.c.
 */
enum fork_state {
	NO_FORK, UNWINDING, PARENT_REWINDS, CHILD_REWINDS, FORK_FAILS,
	GOES_ON,	/* only one function, where it was: see reenter.c */
};

/*
 * For each program, or process with libraries, the types of what is in its table: see adapt.c.
 * Places are 4 * MAX_SLOTS bytes.
 */
#define SLOTS 0xd8000000u
#define SLOTS_END 0xe0000000u
#define MAX_SLOTS 65536u

/* Globals of a module that is linked, on their way: linked.c. */
#define VALUES 0xd4040000u
#define VALUES_END FRAMES

#define FRAMES 0xd4100000u
#define FRAMES_END 0xd8000000u

#endif
