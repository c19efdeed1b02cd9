/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_IDLE_H
#define MUSLIN_IDLE_H

struct muslin;

/* Looks at all that can interrupt the machine, without sleeping. */
void idle_poll(struct muslin *m);

#endif
