/* SPDX-License-Identifier: MIT */
/* What the files host/hostfs*.c share. */
#ifndef HOSTFS_IMPL_H
#define HOSTFS_IMPL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include "hostfs.h"

struct root {
	int fd;			/* O_PATH */
	bool read_only;
	char *only;		/* name of the only file in it, or NULL */
	char *only_real;	/* that file's name on the host */
};

/* An open file.  Free ones are chained by fd. */
struct file {
	bool used;
	bool readable;
	bool writable;
	int fd;
	int root;
};

struct hostfs {
	struct root *roots;
	int nroots;
	struct file *files;
	int nfiles;
	int first_free;		/* -1: none */
	mode_t umask;		/* the host process's, when this was made */
	bool no_openat2;	/* the host's kernel has no openat2 */
};

/* What a path leads to: name in directory dir.  For a root itself, ".". */
struct place {
	struct root *root;
	int dir;
	bool dir_is_ours;
	const char *name;
	char path[PATH_MAX];
};

/* The place must be left after success. */
int hostfs_find(struct hostfs *fs, int root, const char *path, uint32_t len,
		struct place *p);
/* The same in order to change something: -EROFS in a read-only directory. */
int hostfs_find_rw(struct hostfs *fs, int root, const char *path,
		   uint32_t len, struct place *p);
void hostfs_leave(struct place *p);

struct file *hostfs_file(struct hostfs *fs, int file);
/* As the guest is to see it, in that root. */
int hostfs_statx(const struct root *root, int dir, const char *name, int flags,
		 struct host_stat *st);

#endif
