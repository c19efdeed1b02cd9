/* SPDX-License-Identifier: MIT */
/*
 * Boot images: a booted machine in a file.
 *
 * Physical memory is mapped from the file, copy on write, and all else read:
 * the kernel's tasks with their native stacks, instances and function tables.
 * These are full of pointers to each other and to this program's code, so an
 * image is of use only to the same program, with the same addresses: arena.h.
 * It is as good as code: one that others may write to is not used.
 */
#ifndef MUSLIN_IMAGE_H
#define MUSLIN_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct muslin;

/* The machine idles, no program was ever started.  0 or -errno, m->error set. */
int image_save(struct muslin *m, int fd);
/*
 * Instead of machine_init().  0; -ENOENT if the file is not an image for this
 * machine; another error.  It is as before then.
 */
int image_resume(struct muslin *m, int fd, uint64_t memory_size);
/* The name of this machine's image in the cache, of CACHE_NAME_SIZE bytes. */
void image_name(const struct muslin *m, char *name);

/*
 * Pages of physical memory that are this machine's alone, since they are still
 * the file's: called before a program gets to see one.  0 or -errno.
 */
int image_unshare(struct muslin *m, uint32_t pa, uint32_t len);
void image_exit(struct muslin *m);

#endif
