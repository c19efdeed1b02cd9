/* SPDX-License-Identifier: MIT */
/*
 * The machine's disks: files of the host, open before the guest runs.  Each has
 * a thread, which does what the guest has asked for while the machine goes on;
 * what the guest asks for is checked once, before a thread sees it.
 */
#ifndef MUSLIN_DISK_H
#define MUSLIN_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct muslin;

/*
 * One more disk: a regular file or a block device, which nobody else may write
 * to meanwhile.  Its number, or -errno: -EWOULDBLOCK if it is in use.
 */
int disk_attach(struct muslin *m, const char *path, bool read_only);
/*
 * Makes the threads.  Each calls confine() before anything else, if that is not
 * NULL; then this returns.
 */
int disks_start(struct muslin *m, bool (*confine)(void));
/* What was asked for is done, and the threads are gone. */
void disks_exit(struct muslin *m);

/* The file system on disk n, by what it begins with: "ext4" ...; or NULL. */
const char *disk_type(struct muslin *m, int n);

/* For whoever sleeps: readable when requests are done; -1: there is no disk. */
int disks_wake_fd(const struct muslin *m);
/* That is read. */
void disks_woken(struct muslin *m);

#endif
