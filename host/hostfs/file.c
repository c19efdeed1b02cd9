/* SPDX-License-Identifier: MIT */
/* What is done with an open host file. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/impl.h"

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
	uint64_t size;
	ssize_t n = 0;
	int r;

	if (!f || !f->writable)
		return -EBADF;
	if (len > INT32_MAX || offset > INT64_MAX)
		return -EINVAL;
	if (len && offset >= fs->largest)
		return -EFBIG;
	if (len > fs->largest - offset)
		len = fs->largest - offset;
	r = hostfs_quota_room(fs, f->fd, offset, &len, &size);
	if (r)
		return r;
	while (done < len) {
		n = pwrite(f->fd, (const char *)buf + done, len - done,
			   offset + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += n;
	}
	r = n < 0 && !done ? -errno : (int)done;
	hostfs_quota_grown(fs, size, offset + done);
	return r;
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

#define ALLOCATE (FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)

int hostfs_allocate(struct hostfs *fs, int file, int mode, uint64_t offset,
		    uint64_t len)
{
	struct file *f = hostfs_file(fs, file);
	int r;

	if (!f || !f->writable)
		return -EBADF;
	if (mode & ~ALLOCATE || offset > INT64_MAX || len > INT64_MAX - offset)
		return -EINVAL;
	if (offset + len > fs->largest)
		return -EFBIG;
	r = hostfs_quota_allocate(fs, f->fd, mode, offset + len);
	if (r)
		return r;
	do
		r = fallocate(f->fd, mode, offset, len);
	while (r && errno == EINTR);
	return r ? -errno : 0;
}

int hostfs_seek(struct hostfs *fs, int file, int hole, uint64_t *offset)
{
	struct file *f = hostfs_file(fs, file);
	off_t pos;

	if (!f)
		return -EBADF;
	pos = lseek(f->fd, *offset, hole ? SEEK_HOLE : SEEK_DATA);
	if (pos < 0)
		return -errno;
	*offset = pos;
	return 0;
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

/* What the guest is to see of n bytes of entries; moved together. */
static int visible(struct hostfs *fs, const struct id *dir, char *buf, int n)
{
	struct host_dirent *ent;
	int at, size, done = 0;

	for (at = 0; at < n; at += size) {
		ent = (struct host_dirent *)(buf + at);
		size = ent->reclen;
		if (hostfs_hidden(ent->name) ||
		    hostfs_guarded(fs, dir, ent->name, NULL) == OWN)
			continue;
		memmove(buf + done, ent, size);
		done += size;
	}
	return done;
}

/* None is left of some: the next. */
static int read_entries(struct hostfs *fs, struct file *f, char *buf, uint32_t len)
{
	int n, left;

	do {
		n = getdents64(f->fd, buf, len);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		left = visible(fs, &f->id, buf, n);
	} while (!left);
	return left;
}

#define MOST_ENTRIES 32768u	/* bytes */

int hostfs_readdir(struct hostfs *fs, int file, uint64_t pos, void *buf,
		   uint32_t len)
{
	struct file *f = hostfs_file(fs, file);
	char *entries;
	int n;

	if (!f)
		return -EBADF;
	if (fs->roots[f->root].only)
		return only_dir(&fs->roots[f->root], pos, buf, len);
	if (lseek(f->fd, pos, SEEK_SET) < 0)
		return -errno;
	if (len > MOST_ENTRIES)
		len = MOST_ENTRIES;
	/* not in the guest's memory, which it may change meanwhile */
	entries = malloc(len + 1);
	if (!entries)
		return -ENOMEM;
	n = read_entries(fs, f, entries, len);
	if (n > 0)
		memcpy(buf, entries, n);
	free(entries);
	return n;
}
