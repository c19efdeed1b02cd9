/* SPDX-License-Identifier: MIT */
/* What the files that implement muslin.h share. */
#ifndef MUSLIN_API_H
#define MUSLIN_API_H

#include <signal.h>
#include <stdbool.h>

struct muslin;
struct muslin_config;

/* muslin_new(); unless it compiles, its builder begins when it has something to do. */
int api_new(const struct muslin_config *config, bool compiles, struct muslin **m);

/*
 * Between the two, writes to broken pipes and beyond RLIMIT_FSIZE are errors,
 * never a SIGPIPE or SIGXFSZ of this process.
 */
struct api_held {
	sigset_t old, pending;
};

void api_hold(struct api_held *h);
void api_release(const struct api_held *h);

/*
 * A machine runs on this thread, and this is a callback of it; or m runs.  All
 * that runs machines, or writes m->error, is -EBUSY then.
 */
bool api_busy(const struct muslin *m);
/*
 * At the start of each function that needs the guest: forgets the last error.
 * -ESHUTDOWN if there is no guest, -EBUSY in a callback.
 */
int api_check(struct muslin *m);
/*
 * muslin_boot() and muslin_resume(): once, and not in a callback; how() is
 * between api_hold() and api_release(), and its time is stats.boot.
 */
int api_start(struct muslin *m, int (*how)(struct muslin *m, void *arg), void *arg);
/* Goes on from a boot image: 1, 0 if there is none, or an error. */
int api_resume(struct muslin *m);
/* Runs the machine until the predicate holds; 0, or -errno as the function's. */
int api_run(struct muslin *m, bool (*until)(struct muslin *m, void *arg), void *arg);
/* What no guest may reach of the host: the cache, and an image unless NULL or "". */
int api_protect(struct muslin *m, const char *image);

#endif
