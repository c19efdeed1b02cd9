/* SPDX-License-Identifier: MIT */
/* Files that are only in memory; and what is written to any file whole. */
#ifndef MUSLIN_MEMORY_FILE_H
#define MUSLIN_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor at the file's beginning, or -errno. */
int memory_file(const void *data, size_t size);
/* From now on nobody can change it.  False: somebody still could. */
bool memory_file_seal(int fd);
/* Is it, and can nobody change it?  Its size, or -1. */
int64_t memory_file_size(int fd);

/* All of data, at offset of a file that has offsets: 0 or -errno. */
int write_all(int fd, const void *data, size_t size, uint64_t offset);

#endif
