/* SPDX-License-Identifier: MIT */
/*
 * Optimizing in the background.  What runs once and briefly is not worth it:
 * a program is optimized when it is started for the second time, or when it
 * has computed for some time.  For a cache, one small program and one large at a
 * time, so that nothing small waits for minutes: while one is being optimized
 * others of its kind are not begun, and have to be started once more.
 *
 * It is done by a process of its own, `muslin compile --background', which
 * belongs to nobody: no terminal, no parent, no descriptor of ours.
 */
#ifndef MUSLIN_BACKGROUND_H
#define MUSLIN_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>

struct cache_key;

/* In user code, before a program is optimized that runs for the first time. */
#define BACKGROUND_MILLISECONDS 250

/* Was the program started before?  Now it was. */
bool background_started(int cache, const struct cache_key *key);
/* It cannot be compiled; it is not tried again until others were started. */
void background_failed(int cache, const struct cache_key *key);
/* Begins, if it can be; nobody is told if it cannot. */
void background_begin(int cache, const struct cache_key *key);
/* What that process does: its standard input is the image. */
int background_run(const char *program);

#endif
