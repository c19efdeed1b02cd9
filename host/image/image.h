/* SPDX-License-Identifier: MIT */
/*
 * Boot images: a booted machine in a file.
 *
 * Physical memory is mapped from the file, copy on write, and all else read:
 * tasks with their native stacks, instances and function tables.
 * These are full of pointers to each other and to this program's code, so an
 * image is of use only to the same program, with the same addresses: arena.h.
 * Programs that wait in it bring their code, which goes to where it was.
 * It is as good as code: one that others may write to is not used.
 */
#ifndef MUSLIN_IMAGE_H
#define MUSLIN_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct kept_program;
struct muslin;

/*
 * The machine idles.  0 or -errno, m->error set.  program is NULL if none was
 * ever started.
 */
int image_save(struct muslin *m, int fd, const struct kept_program *program);
/*
 * Instead of machine_init().  0 or -errno, m->error set: it is as before then.
 * memory_size is that of a machine that has just booted; 0: any machine.
 */
int image_resume(struct muslin *m, int fd, uint64_t memory_size,
		 struct kept_program *program);
/* The name of this machine's image in the cache, of CACHE_NAME_SIZE bytes. */
void image_name(const struct muslin *m, char *name);

void image_exit(struct muslin *m);

#endif
