/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Words and structures in kernel memory that kernel and host both use.  The
 * host includes this file too.  All members are 32 bits wide, little endian.
 */
#ifndef _ASM_WASM_HOST_PAGE_H
#define _ASM_WASM_HOST_PAGE_H

/* host_halt() */
#define HOST_POWER_OFF		0
#define HOST_RESTART_MACHINE	1
#define HOST_PANIC		2
#define HOST_NO_MEMORY		3	/* the host cannot map what the kernel needs */

/* bits of irq_pending */
#define HOST_IRQ_TIMER	1
#define HOST_IRQ_STREAM	2	/* a watched stream is ready */
#define HOST_IRQ_TTY	4	/* the terminal has input, or takes output again */
#define HOST_IRQ_WINCH	8	/* the terminal's size changed */
#define HOST_IRQ_FREEZE	16	/* get ready for a boot image: host_frozen() */
#define HOST_IRQ_THAW	32	/* this is a copy of the machine that was frozen */
#define HOST_IRQ_CLOCK	64	/* the wall clock was set: host_realtime_ns() */
#define HOST_IRQ_NET	128	/* the network has a frame, or room, or another state */
#define HOST_IRQ_DISK	256	/* requests of disks are done: host_disk_done() */
#define HOST_IRQ_CPU	1024	/* host_cpu_kick() */
#define HOST_IRQ_LOAD	512	/* programs are loaded, or can be: host_user_load_result() */

/* network */
#define HOST_NET_FRAME	65536	/* the longest, with its header */

/* disks */
#define HOST_DISKS	26
#define HOST_DISK_TAGS	64	/* requests of one that are under way */
#define HOST_DISK_SEGMENTS 64	/* pieces of memory in one */
#define HOST_DISK_MOST	(1u << 20)	/* bytes that one reads or writes */
#define HOST_DISK_BLOCK	512	/* offsets and lengths are multiples of it */

/* flags of a disk */
#define HOST_DISK_READ_ONLY	1
#define HOST_DISK_DISCARD	2	/* it can discard, and write zeroes */

/* what a request does */
#define HOST_DISK_READ	0
#define HOST_DISK_WRITE	1
#define HOST_DISK_WRITE_FUA 2	/* is done when it is on the medium */
#define HOST_DISK_FLUSH	3	/* all that was done before gets there; no offset */
#define HOST_DISK_TRIM	4	/* nobody needs these bytes */
#define HOST_DISK_ZERO	5	/* they become zeroes */
#define HOST_DISK_OPS	6

/* streams */
#define HOST_STREAMS	256
#define HOST_STREAM_CTL	0	/* init's channel to the embedder */
#define HOST_STREAM_FILE 0x5301	/* ioctl of init: a descriptor of a regular one, as a file */

/* what a system call, fault or interrupt asks the host to do on its return */
#define HOST_USER_CALL		1	/* call a signal handler, see below */
#define HOST_USER_RESTART	2	/* make the system call again */
#define HOST_USER_EXEC		3	/* forget this program, call the export task_exec() */

/* how */
#define HOST_RESTART		1	/* the same call, the same arguments */
#define HOST_RESTART_BLOCK	2	/* by restart_syscall() */

struct host_page {
	unsigned int irq_pending;	/* set by the host, at any time */
	unsigned int action;		/* HOST_USER_*: set by the kernel, cleared by the host */
	/* HOST_RESTART*: after the handler, if there is one, restart the call */
	unsigned int restart;
	/* HOST_USER_CALL: table[dispatcher](handler, sig, info, context) */
	unsigned int dispatcher;
	unsigned int handler;
	unsigned int sig;
	unsigned int info;
	unsigned int context;
};

struct host_disk {
	unsigned int blocks, blocks_high;
	unsigned int flags;		/* HOST_DISK_* */
};

struct host_disk_segment {
	unsigned int address, length;
};

struct host_disk_request {
	unsigned int tag;		/* below HOST_DISK_TAGS, free again when it is done */
	unsigned int op;
	unsigned int block, block_high;
	unsigned int length;		/* bytes; of a read or write, the sum of its segments' */
	unsigned int nsegments;
	struct host_disk_segment segments[HOST_DISK_SEGMENTS];
};

struct host_disk_done {
	unsigned int disk, tag;
	int error;			/* 0 or a negative errno */
};

#define HOST_ERROR		248	/* bytes of a line that says why */

struct host_image {
	unsigned int module;		/* the host's number of the program */
	unsigned int data;		/* first address of the program's data */
	unsigned int data_start;	/* what is before it is constant; a page */
	unsigned int data_end;		/* of its initialised data, a page's end */
	unsigned int end;		/* end of its initial memory */
	char error[HOST_ERROR];		/* why it was refused, one line */
};

/* What a module of a process is to have: struct wasm_module, looked at. */
struct host_link {
	unsigned int module;		/* the host's number; 0: the program itself */
	unsigned int memory_base;
	unsigned int table_base;
	unsigned int tls;
	unsigned int nvalues;
	unsigned int values;		/* where nvalues words are */
};

#endif
