/* SPDX-License-Identifier: MIT */
/* What the two sides of jobs share: who uses the loader (jobs.c), and the thread. */
#ifndef MUSLIN_JOBS_IMPL_H
#define MUSLIN_JOBS_IMPL_H

#include <pthread.h>

#include "loader/jobs.h"
#include "loader/load.h"
#include "muslin.h"

#define JOBS_LINES 16		/* of progress, until somebody looks */

enum job_state {
	JOB_DUE,
	JOB_BUSY,		/* the thread has it, who gives it back or frees it */
	JOB_DONE,
};

struct job {
	struct load load;	/* own_image is its own until a module has it */
	char *name;
	char error[MODULE_ERROR_SIZE];
	struct muslin_stats stats;
	bool asked;		/* the thread's: the builder is at it */
	/* under the lock: */
	enum job_state state;
	int tickets;		/* of those who wait; nobody does: it is to go */
	/* when it is done: */
	int err;
	struct module *mod;	/* of the loader's; NULL: nobody has taken it */
};

struct ticket {
	int number;		/* 0: free */
	char *name;
	struct job *job;
};

struct jobs {
	struct loader *loader;
	pthread_t thread;
	bool (*confine)(void);
	int due;		/* eventfd: the thread has to look */
	int wake;		/* eventfd: who uses the loader has */
	struct ticket tickets[JOBS_TICKETS];	/* the user's alone */
	int last_ticket;
	uint32_t last_number;	/* of a request to the builder */
	pthread_mutex_t lock;	/* of all below, and what a job has of it */
	struct job *jobs[JOBS_MOST];
	bool ends;
	char lines[JOBS_LINES][256];	/* a ring */
	unsigned int lines_begin, nlines;
};

/* --- jobs-thread.c --- */

/* What the thread does; arg is struct jobs. */
void *jobs_serve(void *arg);
/* Of an eventfd. */
void jobs_signal(int fd);
void jobs_clear(int fd);
/* A job that is in no list any more, and that nobody else has. */
void jobs_free(struct job *job);
/* Under the lock. */
void jobs_unlist(struct jobs *all, const struct job *job);

#endif
