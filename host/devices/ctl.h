/* SPDX-License-Identifier: MIT */
/*
 * The channel to init (HOST_STREAM_CTL), and what init has said about
 * programs.  See init/protocol.h.
 */
#ifndef MUSLIN_CTL_H
#define MUSLIN_CTL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/protocol.h"

struct muslin;

#define PROGRAMS 64

/* bytes of messages that init has not read; and with how many no signal is sent */
#define QUEUE_MAX (16 << 20)
#define KILLS_MAX (64 << 10)

struct program {
	atomic_int id;		/* 0: the place is free */
	bool starting;		/* CTL_SPAWN was sent, CTL_STARTED did not come */
	bool started, changed, ended;
	int error, step;	/* of the start */
	int status;		/* of the last change */
	int stream[3];		/* or negative */
	uint32_t regular;	/* bit i: file i is a regular one to it, too */
	bool tty;
	/* signal n is bit n - 1; set by muslin_kill() at any time */
	_Atomic uint64_t kill_one, kill_group;
};

/* What an image's machine has started, and waits in it.  id 0: nothing. */
struct kept_program {
	int32_t id;
	int32_t stream[3];	/* or negative */
	int32_t tty;		/* not 0: some of the others are the terminal */
	uint32_t regular;	/* bit i: file i has to be a regular one */
};

struct queue {
	unsigned char *p;
	size_t begin, end, size;
};

struct ctl {
	uint64_t memory;	/* bytes that the embedder asked for */
	int wake;		/* eventfd: kill_one or kill_group has changed */
	struct queue to_init;
	bool kills_due;		/* when init has read what is in it */
	bool ready;
	bool used;		/* something was sent */
	bool starting;		/* CTL_SPAWN was sent, CTL_STARTED did not come */
	char refused[256];	/* why it may have failed to start */
	bool mounting;		/* CTL_MOUNT was sent, CTL_MOUNTED did not come */
	bool mounted;		/* the answer to the last CTL_MOUNT, an errno */
	int mount_error;
	bool complained;	/* of what is no answer */
	/* What others want of who runs the machine: api/control.c. */
	int listen;		/* a socket, or -1 */
	bool asked;		/* by that */
	atomic_bool interrupted;
	int watch;		/* the embedder's descriptor, or -1 */
	bool watched;		/* it can be read: it is not looked at until that was told */
	int last_id;
	struct program programs[PROGRAMS];
};

/*
 * Why a program cannot be executed, err, in words: the answer to the embedder if it is being
 * started, else a message.
 */
void ctl_refused(struct muslin *m, int err, const char *reason);

int ctl_init(struct muslin *m);
void ctl_exit(struct muslin *m);

/* Queues a message: all of m->size bytes; or -ENOMEM, or -ENOBUFS for too many. */
int ctl_send(struct muslin *m, const struct ctl_head *msg);
/*
 * init's side.  What is written are whole answers, or -EINVAL: they are
 * looked at at once, and nothing is kept.
 */
ssize_t ctl_read(struct muslin *m, void *buf, size_t n);
ssize_t ctl_write(struct muslin *m, const void *buf, size_t n);
bool ctl_pending(struct muslin *m);

/* Interrupts the machine's sleep; async-signal-safe, from any thread. */
void ctl_wake(struct muslin *m);
int ctl_wake_fd(struct muslin *m);
/* Is it for others that muslin_wait() has to look at? */
bool ctl_asked(const struct muslin *m);
/* What was sent to init it has read, and answered. */
bool ctl_settled(struct muslin *m);
/* After that: sends what is due.  HOST_IRQ_*. */
uint32_t ctl_woken(struct muslin *m);

/* NULL if there is none, or no place. */
struct program *program_get(struct muslin *m, int id);
struct program *program_new(struct muslin *m);
/* Of a boot image: they have the ids, and the files, that they had; PROGRAMS of them. */
void programs_resumed(struct muslin *m, const struct kept_program *kept);
void program_free(struct muslin *m, struct program *p);

/* What becomes of the terminal, for a program that has it: devices/hooks.c fills it in. */
struct ctl_hooks {
	/* The program begins or goes on. */
	void (*goes_on)(struct muslin *m);
	void (*stopped)(struct muslin *m);
	/* Nobody knows the program any more. */
	void (*gone)(struct muslin *m);
};

extern const struct ctl_hooks ctl_hooks;

#endif
