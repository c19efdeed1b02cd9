/* SPDX-License-Identifier: MIT */
/*
 * Streams: descriptors of the embedder that programs have as files.  Nothing
 * here blocks, and no flag is set on a description that others may share.
 */
#ifndef MUSLIN_STREAM_H
#define MUSLIN_STREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host_page.h"

struct muslin;

/* how to use a descriptor without blocking */
enum stream_kind {
	STREAM_FREE,
	STREAM_FILE,	/* regular file, block device: it never blocks */
	STREAM_OWN,	/* a description of our own, with O_NONBLOCK */
	STREAM_SOCKET,	/* MSG_DONTWAIT */
	STREAM_SHARED,	/* poll, then a piece that surely fits */
};

struct stream {
	int fd;			/* ours */
	enum stream_kind kind;
	bool regular;		/* a regular file: it can be one in the guest */
	short watch;		/* an interrupt when one of these is ready */
	bool used;		/* the guest has opened it */
};

struct streams {
	struct stream s[HOST_STREAMS];
	int end;		/* above the highest one in use */
};

/* These take a stream outside of the table too: the terminal has one. */
int stream_open_fd(struct stream *s, int fd);
void stream_close_fd(struct stream *s);
ssize_t stream_read(struct stream *s, void *buf, size_t n);
ssize_t stream_write(struct stream *s, const void *buf, size_t n);
/*
 * m's output is limited (muslin_config).  stream_room() is how much of n bytes may be
 * written, or -ENOSPC; stream_wrote() counts what was, and returns it.
 */
ssize_t stream_room(struct muslin *m, size_t n);
ssize_t stream_wrote(struct muslin *m, ssize_t r);
int stream_poll(struct stream *s, int events);

int streams_init(struct muslin *m);
void streams_exit(struct muslin *m);
/* A new stream for a duplicate of fd; its number or a negative errno. */
int stream_attach(struct muslin *m, int fd);
/* The same as number n, which is free: a boot image's program has it open. */
int stream_attach_as(struct muslin *m, int n, int fd);
bool stream_regular(struct muslin *m, int n);
/* Of the kernel's: it ends the machine if there can be none of that number. */
struct stream *stream_get(struct muslin *m, uint32_t n);
/* Somebody waits until he can write. */
bool stream_full(struct muslin *m);
/* For a stream that the guest was not told of, or did not open. */
void stream_detach(struct muslin *m, int n);
/* The guest has opened it: it closes it, too. */
bool stream_used(struct muslin *m, int n);

/*
 * For whoever sleeps: everything that can interrupt the machine.  Returns the
 * number of descriptors, at most STREAM_POLLFDS.
 */
#define STREAM_POLLFDS (HOST_STREAMS + 3)
int stream_pollfds(struct muslin *m, struct pollfd *p);
/* The interrupts, HOST_IRQ_*, that poll() on those has found. */
uint32_t stream_ready(struct muslin *m, const struct pollfd *p);
/* The two together, without sleeping. */
uint32_t stream_check(struct muslin *m);

#endif
