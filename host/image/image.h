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
#include <stddef.h>
#include <stdint.h>

struct kept_program;
struct muslin;

/*
 * The kernel is in host_frozen().  0 or -errno, m->error set; -EAGAIN: not where its
 * programs are now, but perhaps a little later.  programs are the n that go on in it.
 * Without sign it is of no use before image_sign().
 */
int image_save(struct muslin *m, int fd, const struct kept_program *programs, size_t n,
	       bool sign);
/* In another process, which has the cache's key.  0 or -errno, error set. */
int image_sign(int fd, char *error, size_t n);
/*
 * Instead of machine_init().  0 or -errno, m->error set: it is as before then.
 * memory_size is that of a machine that has just booted; 0: any machine.  programs, of
 * PROGRAMS, are those that go on in it; the others are zero.
 */
int image_resume(struct muslin *m, int fd, uint64_t memory_size,
		 struct kept_program *programs);
/* The name of this machine's image in the cache, of CACHE_NAME_SIZE bytes. */
void image_name(const struct muslin *m, char *name);

void image_exit(struct muslin *m);

#endif
