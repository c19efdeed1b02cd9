/* SPDX-License-Identifier: MIT */
/* Child processes, and the private directory that they work in. */
#ifndef MUSLIN_CHILD_H
#define MUSLIN_CHILD_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * A directory of ours alone, with room for size bytes.  A descriptor that keeps
 * others from removing it, to be closed after workdir_remove(); or -errno.
 */
int workdir_make(char *path, size_t n, size_t size);
/* Removes it and its files. */
void workdir_remove(const char *path);

FILE *workdir_create(const char *dir, const char *name);
/* A whole file, with a zero byte behind it, to be freed; or NULL. */
char *read_file(const char *path, size_t *size);
char *workdir_read(const char *dir, const char *name, size_t *size);

/* of the processor, that a child may take */
#define CHILD_SECONDS 600

/*
 * Starts argv in dir, without input; its output goes to the file log.  Time,
 * memory and files have limits.  0 or -errno.
 */
int child_start(pid_t *pid, char *const argv[], const char *dir,
		const char *log);
/* True if it exited with 0.  Else errno is ETIME or EFBIG if that was a limit. */
int child_succeeded(pid_t pid);

#endif
