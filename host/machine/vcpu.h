/* SPDX-License-Identifier: MIT */
/* Processors of a machine: each is a thread of the host that runs tasks. */
#ifndef MUSLIN_VCPU_H
#define MUSLIN_VCPU_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cgen/abi.h"
#include "cgen/kernel-cpus.h"
#include "host_page.h"

struct host_signals;
struct muslin;
struct task;

struct vcpu {
	/* The first, by which generated code, and this_vcpu(), find it all. */
	struct muslin_vcpu words;
	struct muslin *machine;

	struct task *task;	/* the running one */
	struct host_page *page;	/* the words shared with the kernel */
	struct muslin_kernel_words kernel;	/* the kernel's own of this CPU */
	/*
	 * The vCPU is in user code, which may be interrupted anywhere.  0 in
	 * the kernel and in the host: an interrupt stays pending.
	 */
	volatile sig_atomic_t in_user;
	/*
	 * The running task cannot just go back to user code, which has to be kept
	 * from using up the stack's reserve, or is gone.
	 */
	bool look;

	/* clock.c */
	uint64_t timer_when;	/* nanoseconds since boot, CLOCK_NEVER for none */
	timer_t timer;
	bool timer_soon;	/* it is set earlier than for timer_when */
	int postponed;		/* how often the interrupt that is pending was */

	/* machine_run(): back to its caller */
	bool running;
	void *caller_sp;
	bool (*until)(struct muslin *m, void *arg);
	void *until_arg;

	/* of the thread, while it runs */
	struct host_signals *signals;	/* signals.c */
	uint64_t others;	/* what the register was, and is to be again */

	struct host_page first;	/* until the kernel says where its own is */

	/* cpus.c: words that other vCPUs look at, or wait for */
	pthread_t thread;
	bool locked;		/* it has m->lock */
	uint32_t state;
	uint32_t idle;		/* it sleeps, or is about to: a signal would not wake it */
	uint32_t wakes;
	uint32_t parked;	/* it waits for cpus_continue() */
	uint32_t inside;	/* the boot vCPU: its thread is in the guest */
	int error;		/* why it did not start */
	void *start;		/* where its first task begins */
};

_Static_assert(offsetof(struct vcpu, kernel) == MUSLIN_KERNEL_WORDS, "generated code knows it");

void vcpu_init(struct vcpu *v, struct muslin *m);
/* This thread begins, or ceases, to run v: the register is the embedder's, too. */
void vcpu_start(struct vcpu *v);
void vcpu_stop(struct vcpu *v);

/* --- machine/x86_64/vcpu.c: particular to a CPU --- */

/* The register, %gs. */
uint64_t vcpu_register(void);
void set_vcpu_register(uint64_t base);

#endif
