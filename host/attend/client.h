/* SPDX-License-Identifier: MIT */
/* A machine in a process of its own, for those who serve others with it. */
#ifndef MUSLIN_ATTEND_CLIENT_H
#define MUSLIN_ATTEND_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "attend/protocol.h"

struct muslin_program;

/* What it is started with, beside what `muslin attend' is told. */
struct attend_start {
	char *const *options;	/* of `muslin run', ends with NULL */
	int control;		/* the socket on which it is asked */
	int fd[3];		/* its standard files */
	bool terminal;		/* fd[0] controls it */
	bool dies;		/* with the thread that has started it */
};

/* The process, a child; or a negative errno. */
pid_t attend_start(const struct attend_start *s);

/*
 * Asks on the connected socket control; the descriptor that answers come from, or a
 * negative errno.
 */
int attend_spawn(int control, const struct muslin_program *p, uint32_t flags);
int attend_ask(int control, enum attend_type type, int id, int sig);
/*
 * The next answer, for which it waits at most so many milliseconds, -1 for ever: 1; 0 if
 * there will be none; -ETIMEDOUT; or another error.
 */
int attend_answer(int answers, struct attend_reply *r, int timeout);
/* Asks, and waits for the one answer: its value, 0 or a negative errno. */
int attend_do(int control, enum attend_type type, int id, int sig, struct attend_reply *r,
	      int timeout);

#endif
