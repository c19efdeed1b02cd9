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

struct muslin;

/* What an image's machine has started, and waits in it.  id 0: nothing. */
struct image_program {
	int32_t id;
	int32_t stream[3];	/* or negative */
	int32_t tty;		/* not 0: some of the others are the terminal */
};

/*
 * The machine idles.  0 or -errno, m->error set.  program is NULL if none was
 * ever started.
 */
int image_save(struct muslin *m, int fd, const struct image_program *program);
/*
 * Instead of machine_init().  0 or -errno, m->error set: it is as before then.
 * memory_size is that of a machine that has just booted; 0: any machine.
 */
int image_resume(struct muslin *m, int fd, uint64_t memory_size,
		 struct image_program *program);
/* The name of this machine's image in the cache, of CACHE_NAME_SIZE bytes. */
void image_name(const struct muslin *m, char *name);

/*
 * Pages of physical memory that are this machine's alone, since they are still
 * the file's: called before a program gets to see one.  0 or -errno.
 */
int image_unshare(struct muslin *m, uint32_t pa, uint32_t len);
void image_exit(struct muslin *m);

#endif
