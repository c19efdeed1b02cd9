/* SPDX-License-Identifier: MIT */
/*
 * The words of a thread that runs a machine, which program code finds by the thread
 * pointer: cgen/abi.h.
 *
 * A task may go on in another thread, or process: nobody keeps an address that
 * muslin_words() has returned across a switch.
 */
#ifndef MUSLIN_WORDS_H
#define MUSLIN_WORDS_H

#include <stdint.h>
#include "cgen/abi.h"

/* The words of this thread. */
struct muslin_words *muslin_words(void);
/* Their distance from the thread pointer: the same in each thread. */
int64_t words_at(void);

#endif
