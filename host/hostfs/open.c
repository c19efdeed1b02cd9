/* SPDX-License-Identifier: MIT */
/*
 * Open host files.  The kernel knows them by small numbers, which are checked:
 * it cannot reach any other descriptor of this process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/impl.h"

#define OPEN_FLAGS (O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

struct file *hostfs_file(struct hostfs *fs, int file)
{
	if (!fs || file < 0 || file >= fs->nfiles || !fs->files[file].used)
		return NULL;
	return &fs->files[file];
}

static int more_files(struct hostfs *fs)
{
	int i, n = fs->nfiles ? 2 * fs->nfiles : 64;
	struct file *files = realloc(fs->files, n * sizeof(*files));

	if (!files)
		return -ENFILE;
	for (i = fs->nfiles; i < n; i++)
		files[i] = (struct file){ .fd = i + 1 < n ? i + 1 : -1 };
	fs->first_free = fs->nfiles;
	fs->files = files;
	fs->nfiles = n;
	return 0;
}

#define ASK_ONLY O_PATH		/* as accmode */

/* Before there is a new file that nobody could have. */
static int make_room(struct hostfs *fs)
{
	int r = hostfs_take(fs);

	if (!r && fs->first_free < 0) {
		r = more_files(fs);
		if (r)
			hostfs_give(fs);
	}
	return r;
}

/* There is room; fd may be an error. */
static int add_file(struct hostfs *fs, int fd, int root, int accmode,
		    const struct stat *st)
{
	int n = fs->first_free;

	if (fd < 0) {
		hostfs_give(fs);
		return fd;
	}
	fs->first_free = fs->files[n].fd;
	fs->files[n] = (struct file){
		.used = true,
		.readable = accmode == O_RDONLY || accmode == O_RDWR,
		.writable = accmode == O_WRONLY || accmode == O_RDWR,
		.fd = fd,
		.root = root,
		.id = hostfs_id(st),
	};
	return n;
}

void hostfs_close(struct hostfs *fs, int file)
{
	struct file *f = hostfs_file(fs, file);

	if (!f)
		return;
	close(f->fd);
	hostfs_give(fs);
	*f = (struct file){ .fd = fs->first_free };
	fs->first_free = file;
}

int hostfs_exchange(struct hostfs *fs, int file, int other)
{
	struct file *a = hostfs_file(fs, file), *b = hostfs_file(fs, other);
	struct file t;

	if (!a || !b)
		return -EBADF;
	t = *a;
	*a = *b;
	*b = t;
	return 0;
}

int hostfs_open_path(struct hostfs *fs, const struct place *p, struct stat *st)
{
	int fd = hostfs_open_spare(fs, p->dir, p->name, O_PATH | O_NOFOLLOW), r;

	if (fd < 0)
		return fd;
	r = hostfs_check(fs, p, p->name, fd, st);
	if (!r)
		return fd;
	close(fd);
	hostfs_refill(fs);
	return r;
}

/*
 * The file that fd is.  /proc/self is found in half of the time that
 * /proc/thread-self takes, but is of another descriptor if this thread has files
 * of its own.
 */
static int open_again(struct hostfs *fs, int fd, const struct stat *st, int flags)
{
	char path[32];
	struct stat now;
	int file;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = hostfs_open_spare(fs, AT_FDCWD, path, flags);
	if (file < 0)
		return file;
	if (!fstat(file, &now) && now.st_ino == st->st_ino && now.st_dev == st->st_dev)
		return file;
	close(file);
	return hostfs_open_spare(fs, AT_FDCWD, hostfs_fd_path(fd).text, flags);
}

/* To open a device, or a FIFO, may do something already: only what was seen is. */
int hostfs_reopen(struct hostfs *fs, int fd, const struct stat *st, int flags)
{
	int file, accmode = flags & O_ACCMODE;

	if (S_ISLNK(st->st_mode))
		return -ELOOP;
	if (S_ISDIR(st->st_mode))
		return accmode == O_RDONLY ?
			hostfs_open_spare(fs, fd, ".", flags | O_DIRECTORY) :
			-EISDIR;
	if (!S_ISREG(st->st_mode))
		return -ENXIO;
	file = open_again(fs, fd, st, flags | OPEN_FLAGS);
	if (file >= 0 && accmode == O_RDWR && hostfs_is_image(file)) {
		close(file);
		return -EPERM;
	}
	return file;
}

static int open_at(struct hostfs *fs, const struct place *p, int *accmode,
		   int flags, struct stat *st)
{
	int path = hostfs_open_path(fs, p, st), fd;

	if (path < 0)
		return path;
	if (*accmode == ASK_ONLY) {
		hostfs_refill(fs);
		if (fs->spare >= 0)
			return path;
		/* the last one: it is not for long */
		close(path);
		hostfs_refill(fs);
		return -ENFILE;
	}
	fd = hostfs_reopen(fs, path, st, *accmode | flags);
	/* hostfs opens for both even if the guest only writes */
	if (fd == -EACCES && *accmode == O_RDWR) {
		*accmode = O_WRONLY;
		fd = hostfs_reopen(fs, path, st, *accmode | flags);
	}
	close(path);
	hostfs_refill(fs);
	return fd;
}

/* Where there is only one file, its directory is not read: see only_dir(). */
static int open_only_dir(struct hostfs *fs, const struct place *p,
			 struct stat *st)
{
	int fd = hostfs_openat(fs, p->dir, ".", DIR_FLAGS, 0);

	if (fd >= 0)
		fstat(fd, st);
	return fd;
}

int hostfs_open(struct hostfs *fs, int root, const char *path, uint32_t len,
		int flags)
{
	int accmode = flags & HOST_FILE_WRITE ? O_RDWR :
		      flags ? O_RDONLY : ASK_ONLY;
	int noatime = flags & HOST_FILE_NOATIME ? O_NOATIME : 0;
	struct stat st = { 0 };
	struct place p;
	int fd;

	if (flags & ~(HOST_FILE_READ | HOST_FILE_WRITE | HOST_FILE_NOATIME) ||
	    flags == HOST_FILE_NOATIME)
		return -EINVAL;
	if (flags & HOST_FILE_WRITE)
		fd = hostfs_find_rw(fs, root, path, len, &p);
	else
		fd = hostfs_find(fs, root, path, len, &p);
	if (fd)
		return fd;
	fd = make_room(fs);
	if (fd)
		goto out;
	if (p.root->only && !len)
		fd = open_only_dir(fs, &p, &st);
	else
		fd = open_at(fs, &p, &accmode, noatime, &st);
	/*
	 * The guest's kernel lets its root do that, which need not own the file
	 * here; overlayfs asks for it whenever it reads.
	 */
	if (fd == -EPERM && noatime)
		fd = open_at(fs, &p, &accmode, 0, &st);
	fd = add_file(fs, fd, root, accmode, &st);
out:
	hostfs_leave(&p);
	return fd;
}

bool hostfs_mode_allowed(const struct root *root, mode_t mode)
{
	/* that of a directory gives its group to new files, and no rights */
	mode_t refused = S_ISDIR(mode) ? S_ISUID : S_ISUID | S_ISGID;

	return root->suid || !(mode & refused);
}

/* A device, or what else there is by now, is not opened, nor truncated. */
static int create(struct hostfs *fs, const struct place *p, mode_t mode,
		  const struct hostfs_owner *owner, int *accmode, struct stat *st)
{
	struct caps caps;
	int fd;

	if (!hostfs_mode_allowed(p->root, S_IFREG | mode))
		return -EPERM;
	hostfs_make_as(fs, owner, &caps);
	fd = hostfs_openat(fs, p->dir, p->name, O_RDWR | O_CREAT | O_EXCL |
			   O_NOFOLLOW | OPEN_FLAGS, mode);
	hostfs_made(&caps);
	if (fd == -EEXIST)
		return open_at(fs, p, accmode, 0, st);
	/* the guest applied its own umask */
	if (fd >= 0 && mode & fs->umask)
		fchmod(fd, mode);
	if (fd >= 0)
		hostfs_owner_keep(fs, p, S_IFREG, owner);
	return fd;
}

int hostfs_open_new(struct hostfs *fs, int root, const char *path,
		    uint32_t len, int mode, const struct hostfs_owner *owner)
{
	int accmode = O_RDWR, fd;
	struct stat st = { 0 };
	struct place p;

	fd = hostfs_find_new(fs, root, path, len, &p);
	if (fd)
		return fd;
	fd = make_room(fs);
	if (!fd) {
		fd = create(fs, &p, mode & 07777, owner, &accmode, &st);
		fd = add_file(fs, fd, root, accmode, &st);
	}
	hostfs_leave(&p);
	return fd;
}
