/* SPDX-License-Identifier: MIT */
/*
 * What other processes of this user want of a machine that runs: that it is kept.
 *
 * Its socket has a name of Linux's own ("abstract"), with our process's number: nothing is
 * left of it when we are gone, and no guest has a way to it.  Anybody may try; who it is,
 * the host's kernel says, on both sides.  The file comes with the request, so that the
 * process that runs a guest needs no right to make one, nor the key to sign it.
 */
#ifndef MUSLIN_CONTROL_H
#define MUSLIN_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct muslin;

#define CONTROL_MAGIC "muslin 1"

struct request {
	char magic[8];
	uint32_t flags;		/* MUSLIN_SNAPSHOT_END */
};

struct answer {
	int32_t error;		/* 0, or a negative errno */
	char text[256];
};

/* The other end is of this user, or root's; and of process pid, unless that is 0. */
bool control_is_ours(int fd, pid_t pid);

/*
 * ctl_asked(), and the machine stands still: does that.  0; -EINTR: the embedder wants
 * to have it back; -ECANCELED: it is to end.
 */
int control_serve(struct muslin *m);

/*
 * --- api/snapshot.c ---
 *
 * Keeps it as it is, in file fd, which is empty.
 */
int snapshot_running(struct muslin *m, int fd, bool sign);

#endif
