/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_CONSOLE_H
#define MUSLIN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct muslin;

/*
 * Copies n bytes of text, perhaps onto itself, which plays no tricks on a
 * terminal then: what is not a character of UTF-8, and control characters, are
 * question marks.  If it consists of lines, it keeps tabs and newlines and loses
 * carriage returns.  Bytes of to.
 */
size_t printable(char *to, const char *from, size_t n, bool lines);
/* The guest's text for the embedder's log of kernel messages, made printable. */
void console_write(struct muslin *m, const char *s, size_t n);
/* The same from the kernel's memory. */
void console_copy(struct muslin *m, uint32_t s, uint32_t n);

#endif
