/* SPDX-License-Identifier: MIT */
/* The inside of `--net user''s process, with libslirp. */
#ifndef MUSLIN_NET_SLIRP_H
#define MUSLIN_NET_SLIRP_H

#include <stddef.h>

struct user;

/*
 * Writes an empty line, or why not, to told, and then carries frames until
 * nobody has the other end.
 */
void slirp_serve(struct user *u, int frames, int told, char *why, size_t n);

#endif
