/* SPDX-License-Identifier: MIT */
/* Several vCPUs of one machine: their threads, and what they have in common. */
#ifndef MUSLIN_CPUS_H
#define MUSLIN_CPUS_H

#include <stdbool.h>

struct muslin;
struct vcpu;

/*
 * The lock of all that vCPUs share and no other lock is for: doc/host.md.  Nothing if
 * there is but one.  An import has it from its beginning to its end if locks.awk says so.
 */
void cpus_lock(struct muslin *m);
void cpus_unlock(struct muslin *m);
/* The vCPU of this thread goes away in the middle of an import: true if it had the lock. */
bool cpus_drop(struct muslin *m);

/* Threads of all vCPUs but the first, which wait to be started; 0 or -errno. */
int cpus_threads(struct muslin *m, bool (*confine)(void));
/* The first one has left the guest, or enters it: so do, and did, the others. */
void cpus_pause(struct muslin *m);
void cpus_continue(struct muslin *m);
/* The machine is over: there are no other threads any more. */
void cpus_stop(struct muslin *m);

/* v is to look at its interrupts, wherever it is: in user code, or asleep. */
void cpus_wake(struct vcpu *v);
/* The same if it is not this thread's, and has some. */
void cpus_nudge(struct vcpu *v);
/* An import has changed what the boot vCPU waits for. */
void cpus_changed(struct muslin *m);
/* Until v has an interrupt; it is not the one that looks at files. */
void cpus_sleep(struct vcpu *v);
/* v sleeps, from here on, or does not any more: then others may have stopped meanwhile. */
void cpus_idle(struct vcpu *v, bool yes);
/* In a signal handler, where guest code was interrupted: true if the vCPU has to leave. */
bool cpus_interrupted(struct vcpu *v);
/* If the machine is over: does not return then. */
void cpus_check(struct muslin *m);

#endif
