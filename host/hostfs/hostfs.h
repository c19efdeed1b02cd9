/* SPDX-License-Identifier: MIT */
/*
 * Files of the host for the machine: only those in directories that the
 * embedder named.  host/hostfs/imports.c is the kernel's way to these functions;
 * kernel/arch/wasm/include/asm/host.h says what each does.  All return a
 * negative errno on failure.
 */
#ifndef HOSTFS_H
#define HOSTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "host_stat.h"

struct hostfs;

struct hostfs *hostfs_create(void);
void hostfs_destroy(struct hostfs *fs);

/*
 * What path leads to, and all that is below it, is out of the guest's reach
 * from now on, also if it does not exist yet.  Directories and symbolic links
 * on the way stay what they are.  -EBUSY: a directory that was added is it, or
 * is in it.  -EINVAL: it is "/".
 */
int hostfs_protect(struct hostfs *fs, const char *path);

#define HOSTFS_READ_ONLY	1
/* The guest may make set-user-ID and set-group-ID files. */
#define HOSTFS_SUID		2
/* overlayfs keeps changes there: it can have whiteouts */
#define HOSTFS_LAYER		4

/* The new directory's number, 0 for the first. */
int hostfs_add_dir(struct hostfs *fs, const char *path, int flags);
/*
 * A read-only directory in which there is one file, called name.  Whoever may
 * read it may also execute it.
 */
int hostfs_add_file(struct hostfs *fs, const char *path, const char *name);
/* Why that failed, or hostfs_load(); the error is err. */
const char *hostfs_why(const struct hostfs *fs, int err);

/* Calls fn with a descriptor of each directory, or file, that was added. */
void hostfs_each_root(const struct hostfs *fs,
		      void (*fn)(void *arg, int fd, bool read_only), void *arg);

/*
 * Roots and open files, for a boot image; to be freed.  Or an error: path, of
 * n bytes, cannot be kept.
 */
int hostfs_save(const struct hostfs *fs, void **data, size_t *size, char *path,
		size_t n);
/* -ESTALE: path is not what it was. */
int hostfs_load(struct hostfs *fs, const void *data, size_t size, char *path,
		size_t n);

int hostfs_stat(struct hostfs *fs, int root, const char *path, uint32_t len,
		struct host_stat *st);
int hostfs_access(struct hostfs *fs, int root, const char *path, uint32_t len,
		  int mode);

/* Whose a file is that is made.  NULL: muslin's user's. */
struct hostfs_owner {
	uint32_t uid, gid;
};

int hostfs_symlink(struct hostfs *fs, int root, const char *path, uint32_t len,
		   const char *target, uint32_t target_len,
		   const struct hostfs_owner *owner);
int hostfs_readlink(struct hostfs *fs, int root, const char *path,
		    uint32_t len, char *buf, uint32_t n);
int hostfs_unlink(struct hostfs *fs, int root, const char *path, uint32_t len);
int hostfs_mkdir(struct hostfs *fs, int root, const char *path, uint32_t len,
		 int mode, const struct hostfs_owner *owner);
int hostfs_rmdir(struct hostfs *fs, int root, const char *path, uint32_t len);
int hostfs_mknod(struct hostfs *fs, int root, const char *path, uint32_t len,
		 int mode, const struct hostfs_owner *owner);
int hostfs_link(struct hostfs *fs, int root, const char *old, uint32_t old_len,
		const char *new, uint32_t new_len);
int hostfs_rename(struct hostfs *fs, int root, const char *old,
		  uint32_t old_len, const char *new, uint32_t new_len,
		  int flags);
int hostfs_getxattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		    const char *name, uint32_t name_len, void *value, uint32_t n);
int hostfs_setxattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		    const char *name, uint32_t name_len, const void *value, uint32_t n,
		    int flags);
int hostfs_removexattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		       const char *name, uint32_t name_len);
int hostfs_listxattr(struct hostfs *fs, int root, const char *path, uint32_t len,
		     char *names, uint32_t n);
int hostfs_watch(struct hostfs *fs, int root, const char *path, uint32_t len,
		 struct host_stat *st);
void hostfs_unwatch(struct hostfs *fs, int watch);
int hostfs_heard(struct hostfs *fs, int *watches, uint32_t n);
int hostfs_statfs(struct hostfs *fs, int root, struct host_statfs *st);

int hostfs_open(struct hostfs *fs, int root, const char *path, uint32_t len,
		int flags);
int hostfs_open_new(struct hostfs *fs, int root, const char *path,
		    uint32_t len, int mode, const struct hostfs_owner *owner);
void hostfs_close(struct hostfs *fs, int file);
/* Before any is open: where to count them, for share.h. */
void hostfs_count(struct hostfs *fs, uint64_t *n);
/* The guest's files may grow by so many bytes, in all; 0: no limit. */
void hostfs_limit(struct hostfs *fs, uint64_t bytes);
unsigned int hostfs_keep(const struct hostfs *fs);
int hostfs_exchange(struct hostfs *fs, int file, int other);
int hostfs_fstat(struct hostfs *fs, int file, struct host_stat *st);
int hostfs_read(struct hostfs *fs, int file, void *buf, uint32_t len,
		uint64_t offset);
int hostfs_write(struct hostfs *fs, int file, const void *buf, uint32_t len,
		 uint64_t offset);
int hostfs_sync(struct hostfs *fs, int file, int datasync);
int hostfs_allocate(struct hostfs *fs, int file, int mode, uint64_t offset,
		    uint64_t len);
int hostfs_seek(struct hostfs *fs, int file, int hole, uint64_t *offset);
int hostfs_readdir(struct hostfs *fs, int file, uint64_t pos, void *buf,
		   uint32_t len);
int hostfs_setattr(struct hostfs *fs, int file, int root, const char *path,
		   uint32_t len, const struct host_attr *attr);

#endif
