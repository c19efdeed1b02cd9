/* SPDX-License-Identifier: MIT */
/*
 * What `muslin attend FD' is asked, a process of one machine: messages on the socket FD,
 * which keeps their borders.  Each brings descriptors: first a socket for the answers,
 * then a file with the data if there are any, then those of fd[] that say so.
 *
 * Whoever can write to the socket is trusted as the user who started the machine; yet
 * what does not fit together is refused here.  The machine ends when the socket does.
 *
 * ATTEND_SPAWN is answered by ATTEND_STARTED and, if that is no error, by ATTEND_CHANGED
 * when the program has ended; all others by ATTEND_DONE.  If the machine is gone, the
 * answers end.
 */
#ifndef MUSLIN_ATTEND_PROTOCOL_H
#define MUSLIN_ATTEND_PROTOCOL_H

#include <stdint.h>

enum attend_type {
	/* asked */
	ATTEND_SPAWN = 1,
	ATTEND_KILL,		/* program id, its group if negative; 0: all programs */
	ATTEND_WINCH,		/* the terminal's size has changed */
	ATTEND_READY,		/* nothing: the answer comes when the machine is there */
	ATTEND_SHUTDOWN,
	/* answered */
	ATTEND_DONE,
	ATTEND_STARTED,
	ATTEND_CHANGED,
};

#define ATTEND_MAIN	1	/* the machine ends with it, and the process as it does */
#define ATTEND_TTY	2	/* MUSLIN_TTY */

/* of fd[] */
#define ATTEND_FD_CLOSED	0
#define ATTEND_FD_PASSED	1
#define ATTEND_FD_OWN		2	/* that of the process, with the same number */

#define ATTEND_DATA_MAX	(8 << 20)
#define ATTEND_FDS_MAX	5

struct attend_request {
	uint32_t type, flags;
	int32_t id, sig;
	uint32_t uid, gid, umask;
	uint32_t ngroups, nlimits, argc, envc;
	uint32_t fd[3];
	/*
	 * Bytes of data: ngroups words, nlimits times three of 64 bits (struct
	 * muslin_rlimit), then the strings: path, working directory, argv, environment.
	 */
	uint32_t size;
};

struct attend_reply {
	uint32_t type;
	int32_t value;		/* a program's id, or its status; or negative: an errno */
	char text[240];		/* why, with that */
};

#endif
