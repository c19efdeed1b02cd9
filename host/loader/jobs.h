/* SPDX-License-Identifier: MIT */
/*
 * Programs that another thread loads, while the machine goes on: that reads and checks
 * them, asks the builder, and maps their code.  The loader's modules are none of its
 * business: who takes a result has the module among them.
 *
 * All that is said here is called by the thread that uses the loader.
 */
#ifndef MUSLIN_JOBS_H
#define MUSLIN_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include "loader/module.h"

#define JOBS_MOST 8		/* under way at once; no more than BUILDER_MOST */
#define JOBS_TICKETS 64		/* who waits for them */

/*
 * Makes the thread, which calls confine() before anything else, if that is not NULL;
 * else the first job does.  0 or -errno.
 */
int jobs_start(struct loader *loader, bool (*confine)(void));
/* Nobody waits for any, and the thread is gone. */
void jobs_stop(struct loader *loader);

/*
 * Begins to load image, which is copied, or joins who is at it.  A ticket, > 0; -EAGAIN:
 * there are too many; or -errno.  loader->loaded() is called when a ticket has a
 * result, or when there is room for another job.
 */
int job_begin(struct loader *loader, const char *name, const void *image, size_t size,
	      bool library);
/* Is it a library, by a ticket that there is? */
bool job_is_library(struct loader *loader, int ticket);
/* By what name the ticket's program was to be loaded; NULL: there is no such ticket. */
const char *job_name(struct loader *loader, int ticket);
/*
 * -EAGAIN: it is not done; -ENOENT: there is no such ticket.  Else what module_load()
 * says, and the ticket is gone.
 */
int job_result(struct loader *loader, int ticket, struct module **out,
	       char error[MODULE_ERROR_SIZE]);
/* The ticket is gone.  -ENOENT: there is no such ticket. */
int job_cancel(struct loader *loader, int ticket);
/* Does any ticket wait? */
bool jobs_wait(const struct loader *loader);

/* For whoever sleeps: readable when there is something to do; -1: there are no jobs. */
int jobs_wake_fd(const struct loader *loader);
/* Then: tells of progress. */
void jobs_woken(struct loader *loader);

#endif
