/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_CONSOLE_H
#define MUSLIN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct muslin;

/* The guest's text for the embedder's log of kernel messages, made printable. */
void console_write(struct muslin *m, const char *s, size_t n);
/* The same from the kernel's memory. */
void console_copy(struct muslin *m, uint32_t s, uint32_t n);

#endif
