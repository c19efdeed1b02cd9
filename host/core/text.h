/* SPDX-License-Identifier: MIT */
/* Text of strangers. */
#ifndef MUSLIN_TEXT_H
#define MUSLIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies n bytes of text, perhaps onto itself, which plays no tricks on a
 * terminal then: what is not a character of UTF-8, and control characters, are
 * question marks.  If it consists of lines, it keeps tabs and newlines and loses
 * carriage returns.  Bytes of to.
 */
size_t printable(char *to, const char *from, size_t n, bool lines);
/* Bytes of s: no more than n, and no part of a character that goes on behind. */
size_t text_piece(const char *s, size_t size, size_t n);

#endif
