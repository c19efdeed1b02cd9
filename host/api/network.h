/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_API_NETWORK_H
#define MUSLIN_API_NETWORK_H

struct muslin;

/* Tells init, before the first program; 0 or -errno. */
int network_configure(struct muslin *m);

#endif
