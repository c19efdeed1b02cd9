/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_CONSOLE_H
#define MUSLIN_CONSOLE_H

#include <stddef.h>

struct muslin;

/* Text for the embedder's log of kernel messages. */
void console_write(struct muslin *m, const char *s, size_t n);

#endif
