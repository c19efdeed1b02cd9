/* SPDX-License-Identifier: MIT */
/* What the files host/hostfs*.c share. */
#ifndef HOSTFS_IMPL_H
#define HOSTFS_IMPL_H

#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "hostfs/hostfs.h"

/* What tells a file from all others, as long as it is there. */
struct id {
	uint64_t ino;
	uint32_t dev_major, dev_minor;
};

struct root {
	const struct hostfs *fs;
	int fd;			/* O_PATH */
	struct id id;
	bool read_only;
	bool suid;		/* files may become set-user-ID */
	bool layer;		/* may have whiteouts: character devices of number 0 */
	bool owners;		/* files have owners that are kept: hostfs/owner.c */
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
	struct id id;		/* of a directory */
};

/* A kept directory, see hostfs/dirs.c; none if path is NULL. */
struct dir {
	char *path;		/* len bytes */
	uint32_t len, hash;
	int root;
	int fd;			/* O_PATH */
	int pins;		/* places that use it */
	uint64_t used;		/* when, by dirs_clock */
	struct id id;
};

#define DIRS 32

#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* Names on the way to what the guest must not reach: hostfs/guard.c. */
struct guards {
	struct guard *all;
	int n;
	char **paths;		/* what leads there */
	int npaths;
	uint64_t dirs, ids;	/* a bit for the inode number of each that is in all */
};

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
	uint64_t largest;	/* that a file may become: more is a SIGXFSZ */
	bool limited;		/* to this many bytes more: hostfs/quota.c */
	uint64_t quota;
	uint64_t *count;	/* of descriptors that are the guest's: share.h */
	uint64_t own_count;	/* where that is, unless hostfs_count() says so */
	int spare;		/* closed when another one is needed for a moment; or -1 */
	struct guards guards;
	uid_t uid;		/* ours */
	gid_t gid;
	bool gives;		/* new files may be others' */
	const char *why;	/* no directory was added, if not for an errno */
};

/* What a path leads to: name in directory dir.  For a root itself, ".". */
struct place {
	struct root *root;
	int dir;
	struct id dir_id;
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
/* And in order to remove, or move, what is there; to make what is not there. */
int hostfs_find_old(struct hostfs *fs, int root, const char *path,
		    uint32_t len, struct place *p);
int hostfs_find_new(struct hostfs *fs, int root, const char *path,
		    uint32_t len, struct place *p);
void hostfs_leave(struct place *p);

/* openat() that gives up directories which are only kept; or -errno. */
int hostfs_openat(struct hostfs *fs, int dir, const char *name, int flags,
		  mode_t mode);
/*
 * The same where two descriptors are needed for a moment: there is a spare one.
 * When one of them was closed, hostfs_refill() is due.
 */
int hostfs_open_spare(struct hostfs *fs, int dir, const char *name, int flags);
void hostfs_refill(struct hostfs *fs);

/* One more descriptor that stays, from the machine's share: 0 or -ENFILE. */
int hostfs_take(struct hostfs *fs);
void hostfs_give(struct hostfs *fs);

/* Pinned; NULL if there is none. */
struct dir *hostfs_dirs_get(struct hostfs *fs, int root, const char *path,
			    uint32_t len);
/* Keeps fd, pinned; NULL if it cannot be kept. */
struct dir *hostfs_dirs_add(struct hostfs *fs, int root, const char *path,
			    uint32_t len, int fd, const struct id *id);
/* st is what was found at path, NULL for nothing. */
void hostfs_dirs_check(struct hostfs *fs, int root, const char *path,
		       uint32_t len, const struct host_stat *st);
/* All that are not pinned.  False if there were none. */
bool hostfs_dirs_flush(struct hostfs *fs);

struct file *hostfs_file(struct hostfs *fs, int file);
/*
 * The file at p by O_PATH, whatever it is, if the guest may have it; st says
 * what it is.  Then hostfs_refill() is due.
 */
int hostfs_open_path(struct hostfs *fs, const struct place *p, struct stat *st);
/* The same regular file or directory again; flags: how, and O_NOATIME. */
int hostfs_reopen(struct hostfs *fs, int fd, const struct stat *st, int flags);

/* --- hostfs/owner.c: whose a new file is --- */

/* Who this thread was, with its rights, if they have to be given back. */
struct caps {
	bool kept;
	uid_t uid;
	gid_t gid;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

void hostfs_owner_init(struct hostfs *fs);
/* A file is made in between: o's, or ours if that is NULL. */
void hostfs_make_as(const struct hostfs *fs, const struct hostfs_owner *o,
		    struct caps *caps);
void hostfs_made(const struct caps *caps);
/* Then, of the new file at p, of that type: o is kept if it is not the host's. */
void hostfs_owner_keep(struct hostfs *fs, const struct place *p, mode_t type,
		       const struct hostfs_owner *o);
/* Of a new root: are there any below it? */
void hostfs_owner_root(struct root *root);
/* st, of name in dir or of dir itself, gets the owner that was kept, if one was. */
bool hostfs_owner_show(const struct root *root, int dir, const char *name,
		       struct host_stat *st);
/* Of a file, that fd is and st says; -1: not that. */
int hostfs_chown(struct root *root, int fd, const struct stat *st,
		 uint32_t uid, uint32_t gid);

/* Of a new file, or an old one's new mode: does the directory allow it? */
bool hostfs_mode_allowed(const struct root *root, mode_t mode);

/* --- hostfs/quota.c: 0, or -EDQUOT --- */

int hostfs_quota_take(struct hostfs *fs, uint64_t n);
int hostfs_quota_name(struct hostfs *fs);
/*
 * How much of *len can be written at offset; size is for hostfs_quota_grown(), which
 * is told to where that was done.
 */
int hostfs_quota_room(struct hostfs *fs, int fd, uint64_t offset, uint32_t *len,
		      uint64_t *size);
void hostfs_quota_grown(struct hostfs *fs, uint64_t size, uint64_t end);
int hostfs_quota_allocate(struct hostfs *fs, int fd, int mode, uint64_t end);

/* --- hostfs/id.c --- */

static inline bool same_id(const struct id *a, const struct id *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

struct id hostfs_id(const struct stat *st);
struct id hostfs_stat_id(const struct host_stat *st);
/* What leads to fd as a path; for use at once. */
struct fd_path {
	char text[40];
};
struct fd_path hostfs_fd_path(int fd);
/* fd is of a file system of the host's kernel: /proc, /sys ... */
bool hostfs_kernels(int fd);

/* --- hostfs/guard.c: what no guest may have --- */

/* A work directory of the compiler. */
bool hostfs_hidden(const char *name);
/* A boot image: the guest does not write to it. */
bool hostfs_is_image(int fd);

enum guarded {
	FREE,
	WAY,	/* has to stay where it is */
	OWN,	/* is out of reach, whether it exists or not */
};

/* Of name in directory dir.  found is what is there, NULL if that is not known. */
enum guarded hostfs_guarded(struct hostfs *fs, const struct id *dir,
			    const char *name, const struct id *found);
/* The same, of a place, asking what is there if that matters. */
enum guarded hostfs_guarded_place(struct hostfs *fs, const struct place *p);

/* fd is name in p's directory.  0, with st; -ENOENT or -EACCES. */
int hostfs_check(struct hostfs *fs, const struct place *p, const char *name,
		 int fd, struct stat *st);
/* st is what is at p: the guest may see it, perhaps not all of it; or -errno. */
int hostfs_show(struct hostfs *fs, const struct place *p, struct host_stat *st);
/* May fd be a root?  0, with its id; or an error, with fs->why. */
int hostfs_check_root(struct hostfs *fs, int fd, struct id *id);
void hostfs_guards_free(struct hostfs *fs);

/* As the guest is to see it, in that root. */
int hostfs_statx(const struct root *root, int dir, const char *name, int flags,
		 struct host_stat *st);

#endif
