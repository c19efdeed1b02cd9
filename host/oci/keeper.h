/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_OCI_KEEPER_H
#define MUSLIN_OCI_KEEPER_H

#include <sys/types.h>

struct arguments;
struct attend_start;

/*
 * A process that has s as its child, which dies with it, and ends as that does.  a: the
 * options of s, of which it mounts directories and files on rootfs, and makes that its
 * root.  Or a negative errno.
 */
pid_t keeper_start(const struct attend_start *s, const char *rootfs, const struct arguments *a,
		   pid_t *machine);

#endif
