/* SPDX-License-Identifier: MIT */
/*
 * One machine: a kernel, its memory, its tasks.  Private to libmuslin.
 *
 * Everything is reached from struct muslin, or from the vCPU that runs on this
 * thread (this_vcpu(), and signals_vcpu() for signal handlers).
 */
#ifndef MUSLIN_MACHINE_H
#define MUSLIN_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "loader/loader.h"
#include "machine/arena.h"
#include "machine/vcpu.h"
#include "muslin.h"

struct w2c_vmlinux;
struct mm;
struct task;
struct module;
struct confinement;
struct hostfs;
struct streams;
struct tty;
struct ctl;
struct net;
struct disks;

/* Of muslin_config. */
struct limits {
	bool output_limited;
	uint64_t output;	/* bytes that are left */
	uint32_t tasks;		/* 0: no limit */
};

#define VCPUS 8			/* the most; the kernel may be for fewer */

struct kept_image;
struct stack;

struct muslin {
	/*
	 * The kernel's own variables, too, are where a mapping begins, 4 GiB away: what is
	 * used for each system call would take turns with them in a processor's cache.
	 */
	char error[256];	/* of the last call that failed */

	/* the kernel: its instance, and its linear memory */
	struct w2c_vmlinux *kernel;
	uint8_t *memory;
	uint32_t memory_size;	/* where physical memory ends */
	uint32_t memory_lowest;	/* the first of it that is there: MEMORY_START */
	int memory_fd;		/* and the memfd that they are in */
	struct arena arena;
	uint8_t *image_pages;	/* a bit for each that is still the image's */
	struct kept_image *kept;	/* the image, image/resume.c; NULL: none */
	/* Of a stack that is still in it: 0 or -ENOMEM. */
	int (*bring_stack)(struct muslin *m, struct stack *s);
	uint64_t mappings;	/* of the host's, see share.h */
	struct limits limits;
	uint64_t files;		/* and descriptors that the guest had opened */
	enum { FREEZING = 1, FROZEN } freezing;	/* see api/snapshot.c */
	int keep;		/* of muslin_config */
	bool hasty;		/* who runs it asks for it back though it does not idle */

	struct vcpu vcpus[VCPUS];
	int cpus;		/* those that it has */
	pthread_mutex_t lock;	/* of several: cpus.h */
	uint32_t pausing;	/* all but the first are to stop */
	bool (*confine)(void);	/* their threads */
	int wake_fd;		/* ends the first's sleep, or -1 */
	uint32_t changes;	/* of what that waits for, by others */
	uint32_t poked;		/* by others: machine_poke() */

	struct task **tasks;	/* by id */
	int ntasks;
	struct task *unused_tasks;	/* of several vCPUs: others may still look at them */
	struct stack_pool *stacks;	/* native stacks to use again */

	struct mm **mms;	/* by id; 0 is the kernel's own */
	int nmms;
	struct space *spaces;	/* to use again */
	int nspaces;
	uint64_t families;	/* that there have been */

	/* clock.c */
	struct timespec boot_time;
	uint64_t polled;	/* when files were last looked at */
	int64_t wall;		/* CLOCK_REALTIME less CLOCK_MONOTONIC, as the kernel knows it */
	bool wall_watched;
	int wall_fd;		/* a timer that tells when that changes, or -1 */

	int halted;		/* 0, or HALTED + HOST_POWER_OFF ... */

	/* given before boot */
	const char *cmdline;
	const void *initrd;
	size_t initrd_size;
	char *image;		/* of muslin_config */
	struct loader loader;

	/* of other files of this library, each by its own */
	struct hostfs *hostfs;
	struct streams *streams;
	struct tty *tty;
	struct ctl *ctl;
	struct net *net;	/* NULL: none was asked for */
	struct disks *disks;	/* the same */
	struct confinement *confinement;	/* NULL: none was asked for */

	/* the embedder's; may be NULL */
	void (*log)(void *arg, const char *text, size_t n);
	void *callback_arg;

	/* what the library counts as it goes; api/stats.c adds the rest */
	struct muslin_stats stats;
	struct call_count *calls;	/* by kernel_exports; NULL: not counted */
};

#define HALTED 1

/* The vCPU on which the kernel boots, and that gets what is not about one of them. */
static inline struct vcpu *boot_vcpu(const struct muslin *m)
{
	return (struct vcpu *)&m->vcpus[0];
}

/* What wasm2c passes to the kernel's imports. */
struct w2c_host {
	struct muslin m;
};

static inline struct muslin *machine(struct w2c_host *h)
{
	return &h->m;
}

/* --- machine.c --- */

/*
 * Reserves memory and makes the kernel's instance; it boots in machine_run().
 * 0 or -errno, with m->error set.
 */
int machine_init(struct muslin *m, uint64_t memory_size);
void machine_exit(struct muslin *m);
/* There is no kernel, whatever was there. */
void machine_reset(struct muslin *m);

/*
 * Runs the boot vCPU on the calling thread until until(m, arg) is true, which is
 * asked whenever the machine is idle and after machine_poke(), or until the
 * machine has halted.  0; -ESHUTDOWN if it has halted.
 */
int machine_run(struct muslin *m, bool (*until)(struct muslin *m, void *arg), void *arg);
/* Back to the caller of machine_run() if its predicate is true. */
void machine_poke(struct muslin *m);
/* The same if another vCPU has asked for it: where a busy one comes by. */
void machine_poked(struct muslin *m);
/* The machine is no more: from a guest's task.  how is HALTED + HOST_*. */
_Noreturn void machine_halt(struct muslin *m, int how);

/* The kernel asked for what makes no sense, "passed ...": the machine ends. */
_Noreturn void machine_refuse(struct muslin *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Formats m->error; returns err. */
int fail(struct muslin *m, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
