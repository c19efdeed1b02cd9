/* SPDX-License-Identifier: MIT */
/*
 * What a thread that runs guest code can still do to the host: muslin.h,
 * muslin_confine().  Nothing of a guest depends on it; it is what is left when
 * everything else has failed.
 */
#ifndef MUSLIN_CONFINE_H
#define MUSLIN_CONFINE_H

#include <stdbool.h>

struct muslin;

/*
 * Before the first instruction of the guest: what muslin_confine() has prepared.
 * Does nothing if that was not called.  0 or -errno, m->error set.
 */
int confine_enter(struct muslin *m);
void confine_exit(struct muslin *m);

/* confine-calls.c: the thread can make no other system calls.  False: it can. */
bool confine_calls(void);

#endif
