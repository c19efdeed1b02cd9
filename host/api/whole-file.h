/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_WHOLE_FILE_H
#define MUSLIN_WHOLE_FILE_H

#include <stdbool.h>

/*
 * As cache_add(), where others may have files of any name: fill() writes it, and then it
 * takes the place of what is at path.  0 or -errno, fill()'s, too; nothing is left then.
 */
int whole_file(const char *path, int (*fill)(void *arg, int fd), void *arg);

#endif
