/* SPDX-License-Identifier: MIT */
/* The private directory that child processes work in. */
#ifndef MUSLIN_WORKDIR_H
#define MUSLIN_WORKDIR_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A directory of ours alone.  All that is done in it goes by the descriptor:
 * whoever can write to its parent can put another one at the name.
 */
struct workdir {
	int fd;			/* locked: no other process removes it */
	char path[PATH_MAX];
};

/* With room for size bytes; 0 or -errno. */
int workdir_make(struct workdir *w, size_t size);
/* w->path as it is, which is not to be removed; 0 or -errno. */
int workdir_open(struct workdir *w);
/*
 * Removes from parent those of processes that were killed, if they are this
 * old.
 */
void workdir_sweep(const char *parent, int seconds);
/* Removes it and its files. */
void workdir_remove(struct workdir *w);

/* A file in it, made anew: its descriptor, or -1 with errno. */
int workdir_create_fd(const struct workdir *w, const char *name);
FILE *workdir_create(const struct workdir *w, const char *name);
/* A whole file, with a zero byte behind it, to be freed; or NULL. */
char *read_file(const char *path, size_t *size);
char *workdir_read(const struct workdir *w, const char *name, size_t *size);

#endif
