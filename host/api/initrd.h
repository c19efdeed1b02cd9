/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_INITRD_H
#define MUSLIN_INITRD_H

#include <stddef.h>

/* The guest's first file system: /init and its mount points.  NULL: no memory. */
void *initrd_make(size_t *size);

#endif
