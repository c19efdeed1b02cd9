/* SPDX-License-Identifier: MIT */
/* The embedder's terminal, as the guest's ttyW0. */
#ifndef MUSLIN_TTY_H
#define MUSLIN_TTY_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "devices/stream.h"

struct muslin;

#define TTY_SIGNALS 8

struct tty {
	struct stream s;	/* STREAM_FREE: there is no terminal */
	short watch;		/* poll() events that are an interrupt */
	bool input;		/* the guest reads it, in raw mode */
	bool raw;		/* it is in raw mode now */
	bool background;	/* it is another job's */
	struct termios saved;
	/* set by signal handlers */
	atomic_bool resized, continued;
	struct sigaction old[TTY_SIGNALS];
};

int tty_init(struct muslin *m);
void tty_exit(struct muslin *m);
/*
 * Makes fd the machine's terminal, as it is.  input: from tty_resume() on, take
 * what is typed, in raw mode.
 */
int tty_attach(struct muslin *m, int fd, bool input);
/* Gives it back as it was. */
void tty_detach(struct muslin *m);
/* The one that fd is, of three; -1: none of them. */
int tty_find(const int fd[3]);
/* The program begins or goes on; it has stopped or ended. */
void tty_resume(struct muslin *m);
void tty_suspend(struct muslin *m);
/* It is another job's: to be asked from time to time, so that it is noticed when
 * it is ours again. */
bool tty_background(struct muslin *m);
/* After a wake-up by one of our signal handlers: HOST_IRQ_*. */
uint32_t tty_woken(struct muslin *m);
/* Async-signal-safe: this process is about to die. */
void tty_restore_now(void);

#endif
