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

/* A kept directory, see hostfs-dirs.c; none if path is NULL. */
struct dir {
	char *path;		/* len bytes */
	uint32_t len, hash;
	int root;
	int fd;			/* O_PATH */
	int pins;		/* places that use it */
	uint64_t used;		/* when, by dirs_clock */
	uint64_t ino;
	uint32_t dev_major, dev_minor;
};

#define DIRS 32

#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

struct hostfs {
	struct root *roots;
	int nroots;
	struct file *files;
	int nfiles;
	int first_free;		/* -1: none */
	struct dir dirs[DIRS];
	uint64_t dirs_clock;
	mode_t umask;		/* the host process's, when this was made */
	int inotify;		/* -1: no directory was watched yet */
	unsigned int keep;	/* as hostfs_keep() says */
	bool no_openat2;	/* the host's kernel has no openat2 */
};

/* What a path leads to: name in directory dir.  For a root itself, ".". */
struct place {
	struct root *root;
	int dir;
	struct dir *kept;	/* where dir is from; NULL if it is the root's */
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

/* Pinned; NULL if there is none. */
struct dir *hostfs_dirs_get(struct hostfs *fs, int root, const char *path,
			    uint32_t len);
/* Keeps fd, pinned; NULL if it cannot be kept. */
struct dir *hostfs_dirs_add(struct hostfs *fs, int root, const char *path,
			    uint32_t len, int fd);
/* st is what was found at path, NULL for nothing. */
void hostfs_dirs_check(struct hostfs *fs, int root, const char *path,
		       uint32_t len, const struct host_stat *st);
/* All that are not pinned.  False if there were none. */
bool hostfs_dirs_flush(struct hostfs *fs);

struct file *hostfs_file(struct hostfs *fs, int file);
/* As the guest is to see it, in that root. */
int hostfs_statx(const struct root *root, int dir, const char *name, int flags,
		 struct host_stat *st);

#endif
