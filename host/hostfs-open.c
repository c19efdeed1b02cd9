/* SPDX-License-Identifier: MIT */
/*
 * Open host files.  The kernel knows them by small numbers, which are checked:
 * it cannot reach any other descriptor of this process.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs-impl.h"

/* Never waits: what the guest took for a file may be a FIFO by now. */
#define OPEN_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

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

/* fd is closed if there is no room. */
static int add_file(struct hostfs *fs, int fd, int root, int accmode)
{
	int n = fs->first_free;

	if (n < 0) {
		int r = more_files(fs);

		if (r) {
			close(fd);
			return r;
		}
		n = fs->first_free;
	}
	fs->first_free = fs->files[n].fd;
	fs->files[n] = (struct file){
		.used = true,
		.readable = accmode == O_RDONLY || accmode == O_RDWR,
		.writable = accmode == O_WRONLY || accmode == O_RDWR,
		.fd = fd,
		.root = root,
	};
	return n;
}

void hostfs_close(struct hostfs *fs, int file)
{
	struct file *f = hostfs_file(fs, file);

	if (!f)
		return;
	close(f->fd);
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

/*
 * The host's limit of open files is the whole machine's: the guest's process
 * has not reached its own.
 */
static int open_error(void)
{
	return errno == EMFILE ? -ENFILE : -errno;
}

/* Directories that are only kept to be fast are not worth a failure. */
static int try_open(struct hostfs *fs, const struct place *p, int flags,
		    mode_t mode)
{
	int fd = openat(p->dir, p->name, flags | OPEN_FLAGS, mode);

	if (fd < 0 && errno == EMFILE && hostfs_dirs_flush(fs))
		fd = openat(p->dir, p->name, flags | OPEN_FLAGS, mode);
	return fd < 0 ? open_error() : fd;
}

static int open_at(struct hostfs *fs, const struct place *p, int accmode)
{
	struct stat st;
	int fd = try_open(fs, p, accmode, 0);

	if (fd < 0)
		return fd;
	if (!fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return fd;
	close(fd);
	return -ENXIO;
}

/* Where there is only one file, its directory is not read: see only_dir(). */
static int open_only_dir(const struct place *p)
{
	int fd = openat(p->dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? open_error() : fd;
}

int hostfs_open(struct hostfs *fs, int root, const char *path, uint32_t len,
		int flags)
{
	int accmode = flags & HOST_FILE_WRITE ? O_RDWR :
		      flags ? O_RDONLY : ASK_ONLY;
	struct place p;
	int fd;

	if (flags & HOST_FILE_WRITE)
		fd = hostfs_find_rw(fs, root, path, len, &p);
	else
		fd = hostfs_find(fs, root, path, len, &p);
	if (fd)
		return fd;
	if (p.root->only && !len) {
		fd = open_only_dir(&p);
	} else if (accmode == ASK_ONLY) {
		fd = try_open(fs, &p, accmode, 0);
	} else {
		fd = open_at(fs, &p, accmode);
		/* hostfs opens for both even if the guest only writes */
		if (fd == -EACCES && accmode == O_RDWR) {
			accmode = O_WRONLY;
			fd = open_at(fs, &p, accmode);
		}
	}
	hostfs_leave(&p);
	return fd < 0 ? fd : add_file(fs, fd, root, accmode);
}

int hostfs_open_new(struct hostfs *fs, int root, const char *path,
		    uint32_t len, int mode)
{
	struct place p;
	int fd = hostfs_find_rw(fs, root, path, len, &p);

	if (fd)
		return fd;
	mode &= 0777;
	fd = try_open(fs, &p, O_RDWR | O_CREAT | O_EXCL, mode);
	if (fd == -EEXIST)
		fd = open_at(fs, &p, O_RDWR);
	else if (fd >= 0 && mode & fs->umask)
		/* the guest applied its own umask */
		fchmod(fd, mode);
	hostfs_leave(&p);
	return fd < 0 ? fd : add_file(fs, fd, root, O_RDWR);
}

int hostfs_fstat(struct hostfs *fs, int file, struct host_stat *st)
{
	struct file *f = hostfs_file(fs, file);

	if (!f)
		return -EBADF;
	return hostfs_statx(&fs->roots[f->root], f->fd, "", AT_EMPTY_PATH, st);
}

/* A file gives less than is asked for only at its end. */
int hostfs_read(struct hostfs *fs, int file, void *buf, uint32_t len,
		uint64_t offset)
{
	struct file *f = hostfs_file(fs, file);
	ssize_t n;

	if (!f || !f->readable)
		return -EBADF;
	if (len > INT32_MAX)
		return -EINVAL;
	do
		n = pread(f->fd, buf, len, offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int hostfs_write(struct hostfs *fs, int file, const void *buf, uint32_t len,
		 uint64_t offset)
{
	struct file *f = hostfs_file(fs, file);
	uint32_t done = 0;
	ssize_t n;

	if (!f || !f->writable)
		return -EBADF;
	if (len > INT32_MAX)
		return -EINVAL;
	while (done < len) {
		n = pwrite(f->fd, (const char *)buf + done, len - done,
			   offset + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return done ? (int)done : -errno;
		done += n;
	}
	return done;
}

int hostfs_sync(struct hostfs *fs, int file, int datasync)
{
	struct file *f = hostfs_file(fs, file);
	int r;

	if (!f)
		return -EBADF;
	do
		r = datasync ? fdatasync(f->fd) : fsync(f->fd);
	while (r && errno == EINTR);
	return r ? -errno : 0;
}

static uint32_t put_entry(char *buf, uint32_t room, uint64_t next,
			  const char *name, const struct host_stat *st)
{
	struct host_dirent *ent = (struct host_dirent *)buf;
	uint32_t n = offsetof(struct host_dirent, name) + strlen(name) + 1;

	n = (n + 7) & ~7u;
	if (n > room)
		return 0;
	memset(ent, 0, n);
	ent->ino = st->ino;
	ent->next = next;
	ent->reclen = n;
	ent->type = S_ISDIR(st->mode) ? DT_DIR : IFTODT(st->mode);
	strcpy(ent->name, name);
	return n;
}

/* Of a directory in which only one file is shown: positions are 0, 1, 2. */
static int only_dir(const struct root *root, uint64_t pos, char *buf,
		    uint32_t len)
{
	const char *names[] = { ".", "..", root->only };
	const char *real[] = { ".", ".", root->only_real };
	struct host_stat st;
	uint32_t n, done = 0;

	for (; pos < 3; pos++, done += n) {
		if (hostfs_statx(root, root->fd, real[pos], 0, &st)) {
			n = 0;
			continue;
		}
		n = put_entry(buf + done, len - done, pos + 1, names[pos], &st);
		if (!n)
			return done ? (int)done : -EINVAL;
	}
	return done;
}

int hostfs_readdir(struct hostfs *fs, int file, uint64_t pos, void *buf,
		   uint32_t len)
{
	struct file *f = hostfs_file(fs, file);
	ssize_t n;

	if (!f)
		return -EBADF;
	if (fs->roots[f->root].only)
		return only_dir(&fs->roots[f->root], pos, buf, len);
	if (lseek(f->fd, pos, SEEK_SET) < 0)
		return -errno;
	n = getdents64(f->fd, buf, len);
	return n < 0 ? -errno : n;
}
