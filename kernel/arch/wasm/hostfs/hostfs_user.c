// SPDX-License-Identifier: GPL-2.0
/*
 * The host's half of fs/hostfs: each function of hostfs.h is one of asm/host.h.
 *
 * hostfs builds its names from the string that was mounted: "/0/etc/motd" is
 * etc/motd in the host's directory number 0.
 */
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <asm/host.h>
#include <asm/host_stat.h>
#include "hostfs.h"

struct place {
	int root;
	const char *path;
	unsigned long len;
};

/* A name without a number is in no directory: the host refuses root -1. */
static struct place locate(const char *name)
{
	struct place p = { .root = -1 };

	while (*name == '/')
		name++;
	for (; *name >= '0' && *name <= '9' && p.root < 1000; name++)
		p.root = max(p.root, 0) * 10 + *name - '0';
	if (*name && *name != '/')
		p.root = -1;
	while (*name == '/')
		name++;
	p.path = name;
	p.len = strlen(name);
	return p;
}

static struct hostfs_timespec to_timespec(const struct host_time *t)
{
	return (struct hostfs_timespec){ t->sec, t->nsec };
}

static struct host_time to_time(const struct hostfs_timespec *t)
{
	return (struct host_time){ .sec = t->tv_sec, .nsec = t->tv_nsec };
}

static void to_stat(struct hostfs_stat *p, const struct host_stat *st)
{
	*p = (struct hostfs_stat){
		.ino = st->ino,
		.mode = st->mode,
		.nlink = st->nlink,
		.uid = st->uid,
		.gid = st->gid,
		.size = st->size,
		.atime = to_timespec(&st->atime),
		.mtime = to_timespec(&st->mtime),
		.ctime = to_timespec(&st->ctime),
		.btime = to_timespec(&st->btime),
		.blksize = st->blksize,
		.blocks = st->blocks,
		.rdev = { st->rdev_major, st->rdev_minor },
		.dev = { st->dev_major, st->dev_minor },
		.recent = st->recent,
	};
}

int stat_file(const char *path, struct hostfs_stat *p, int fd)
{
	struct host_stat st;
	struct place at;
	int err;

	if (fd >= 0) {
		err = host_file_fstat(fd, &st);
	} else {
		at = locate(path);
		err = host_file_stat(at.root, at.path, at.len, &st);
	}
	if (!err)
		to_stat(p, &st);
	return err;
}

int watch_dir(const char *path, struct hostfs_stat *p)
{
	struct place at = locate(path);
	struct host_stat st;
	int number = host_file_watch(at.root, at.path, at.len, &st);

	if (number > 0)
		to_stat(p, &st);
	return number;
}

int access_file(char *path, int r, int w, int x)
{
	struct place at = locate(path);

	return host_file_access(at.root, at.path, at.len,
				(r ? MAY_READ : 0) | (w ? MAY_WRITE : 0) |
				(x ? MAY_EXEC : 0));
}

/* append is hostfs's boot parameter, which does not exist here. */
int open_file(char *path, int r, int w, int append, int noatime)
{
	struct place at = locate(path);

	return host_file_open(at.root, at.path, at.len,
			      (r ? HOST_FILE_READ : 0) |
			      (w ? HOST_FILE_WRITE : 0) |
			      (noatime ? HOST_FILE_NOATIME : 0));
}

/* Whose a new file is. */
static uid_t maker_uid(void)
{
	return from_kuid(&init_user_ns, current_fsuid());
}

static gid_t maker_gid(void)
{
	return from_kgid(&init_user_ns, current_fsgid());
}

int file_create(char *name, int mode)
{
	struct place at = locate(name);

	return host_file_create(at.root, at.path, at.len, mode,
				maker_uid(), maker_gid());
}

unsigned int files_to_keep(void)
{
	return host_file_keep();
}

void close_file(void *stream)
{
	host_file_close(*(int *)stream);
}

/* The caller closes oldfd next, and with it what fd was. */
int replace_file(int oldfd, int fd)
{
	return host_file_exchange(fd, oldfd);
}

int read_file(int fd, unsigned long long *offset, char *buf, int len)
{
	long n = host_file_read(fd, buf, len, *offset);

	if (n > 0)
		*offset += n;
	return n;
}

int write_file(int fd, unsigned long long *offset, const char *buf, int len)
{
	long n = host_file_write(fd, buf, len, *offset);

	if (n > 0)
		*offset += n;
	return n;
}

/* Of SEEK_DATA and SEEK_HOLE alone: hostfs has no use for others. */
long long lseek_file(int fd, long long offset, int whence)
{
	u64 pos = offset;
	int err = host_file_seek(fd, whence == SEEK_HOLE, &pos);

	return err ? err : pos;
}

int allocate_file(int fd, int mode, long long offset, long long len)
{
	return host_file_allocate(fd, mode, offset, len);
}

int fsync_file(int fd, int datasync)
{
	return host_file_sync(fd, datasync);
}

/* What the host said about a directory, and where in it hostfs is. */
struct dir {
	u64 pos;		/* of the entry at "at" */
	u64 last_pos;		/* of the one before, at "last" */
	long last, at, end;
	char buf[32768] __aligned(8);
};

void *open_dir(void)
{
	struct dir *dir = kmalloc(sizeof(*dir), GFP_KERNEL_ACCOUNT);

	if (dir)
		dir->at = dir->end = 0;
	return dir;
}

/*
 * One entry back, for the one that did not fit, is where hostfs goes most
 * often.  From the start the host is to be asked again.
 */
void seek_dir(void *stream, unsigned long long pos)
{
	struct dir *dir = stream;

	if (pos && dir->end && pos == dir->pos)
		return;
	if (pos && dir->end && pos == dir->last_pos) {
		dir->at = dir->last;
	} else {
		dir->at = dir->end = 0;
	}
	dir->pos = pos;
}

char *read_dir(void *stream, int fd, unsigned long long *pos_out,
	       unsigned long long *ino_out, int *len_out,
	       unsigned int *type_out)
{
	struct dir *dir = stream;
	struct host_dirent *ent;

	if (dir->at == dir->end) {
		dir->at = 0;
		dir->end = host_file_readdir(fd, dir->pos, dir->buf,
					     sizeof(dir->buf));
		if (dir->end <= 0) {
			dir->end = 0;
			return NULL;
		}
	}
	ent = (struct host_dirent *)(dir->buf + dir->at);
	dir->last = dir->at;
	dir->last_pos = dir->pos;
	dir->at += ent->reclen;
	dir->pos = ent->next;

	*pos_out = ent->next;
	*ino_out = ent->ino;
	*len_out = strlen(ent->name);
	*type_out = ent->type;
	return ent->name;
}

void close_dir(void *stream)
{
	kfree(stream);
}

/* Changing the size changes mtime by itself. */
static unsigned int times_to_set(unsigned int valid)
{
	unsigned int set = 0;

	if (valid & HOSTFS_ATTR_ATIME_SET)
		set |= HOST_ATTR_ATIME;
	else if (valid & HOSTFS_ATTR_ATIME)
		set |= HOST_ATTR_ATIME_NOW;
	if (valid & HOSTFS_ATTR_MTIME_SET)
		set |= HOST_ATTR_MTIME;
	else if ((valid & HOSTFS_ATTR_MTIME) && !(valid & HOSTFS_ATTR_SIZE))
		set |= HOST_ATTR_MTIME_NOW;
	return set;
}

int set_attr(const char *file, struct hostfs_iattr *attrs, int fd)
{
	struct place at = locate(file);
	unsigned int valid = attrs->ia_valid;
	struct host_attr a = { .valid = times_to_set(valid) };

	if (valid & HOSTFS_ATTR_MODE) {
		a.valid |= HOST_ATTR_MODE;
		a.mode = attrs->ia_mode & 07777;
	}
	if (valid & HOSTFS_ATTR_UID) {
		a.valid |= HOST_ATTR_UID;
		a.uid = attrs->ia_uid;
	}
	if (valid & HOSTFS_ATTR_GID) {
		a.valid |= HOST_ATTR_GID;
		a.gid = attrs->ia_gid;
	}
	if (valid & HOSTFS_ATTR_SIZE) {
		a.valid |= HOST_ATTR_SIZE;
		a.size = attrs->ia_size;
	}
	if (valid & HOSTFS_ATTR_ATIME)
		a.atime = to_time(&attrs->ia_atime);
	if (valid & HOSTFS_ATTR_MTIME)
		a.mtime = to_time(&attrs->ia_mtime);
	if (!a.valid)
		return 0;
	return host_file_setattr(fd, at.root, at.path, at.len, &a);
}

int make_symlink(const char *from, const char *to)
{
	struct place at = locate(from);

	return host_file_symlink(at.root, at.path, at.len, to, strlen(to),
				 maker_uid(), maker_gid());
}

int hostfs_do_readlink(char *file, char *buf, int size)
{
	struct place at = locate(file);
	long n = host_file_readlink(at.root, at.path, at.len, buf, size);

	if (n >= 0 && n < size)
		buf[n] = '\0';
	return n;
}

int unlink_file(const char *file)
{
	struct place at = locate(file);

	return host_file_unlink(at.root, at.path, at.len);
}

int do_mkdir(const char *file, int mode)
{
	struct place at = locate(file);

	return host_file_mkdir(at.root, at.path, at.len, mode,
			       maker_uid(), maker_gid());
}

int hostfs_do_rmdir(const char *file)
{
	struct place at = locate(file);

	return host_file_rmdir(at.root, at.path, at.len);
}

/* The host makes no devices, so that it needs no numbers of them. */
int do_mknod(const char *file, int mode, unsigned int major,
	     unsigned int minor)
{
	struct place at = locate(file);

	/* of devices the host makes whiteouts alone, which have no number */
	if (major || minor)
		return -EPERM;
	return host_file_mknod(at.root, at.path, at.len, mode,
			       maker_uid(), maker_gid());
}

int link_file(const char *to, const char *from)
{
	struct place old = locate(to), new = locate(from);

	return host_file_link(old.root, old.path, old.len, new.path, new.len);
}

int get_xattr(const char *file, const char *name, void *value, int size)
{
	struct place at = locate(file);

	return host_file_getxattr(at.root, at.path, at.len, name, strlen(name), value, size);
}

int set_xattr(const char *file, const char *name, const void *value, int size, int flags)
{
	struct place at = locate(file);

	return host_file_setxattr(at.root, at.path, at.len, name, strlen(name), value, size,
				  flags);
}

int remove_xattr(const char *file, const char *name)
{
	struct place at = locate(file);

	return host_file_removexattr(at.root, at.path, at.len, name, strlen(name));
}

int list_xattrs(const char *file, char *names, int size)
{
	struct place at = locate(file);

	return host_file_listxattr(at.root, at.path, at.len, names, size);
}

int rename2_file(char *from, char *to, unsigned int flags)
{
	struct place old = locate(from), new = locate(to);

	return host_file_rename(old.root, old.path, old.len,
				new.path, new.len, flags);
}

int rename_file(char *from, char *to)
{
	return rename2_file(from, to, 0);
}

int do_statfs(char *root, long *bsize_out, long long *blocks_out,
	      long long *bfree_out, long long *bavail_out,
	      long long *files_out, long long *ffree_out,
	      void *fsid_out, int fsid_size, long *namelen_out)
{
	struct host_statfs st;
	int err = host_file_statfs(locate(root).root, &st);

	if (err)
		return err;

	*bsize_out = st.bsize;
	*blocks_out = st.blocks;
	*bfree_out = st.bfree;
	*bavail_out = st.bavail;
	*files_out = st.files;
	*ffree_out = st.ffree;
	memcpy(fsid_out, st.fsid, min_t(size_t, fsid_size, sizeof(st.fsid)));
	*namelen_out = st.namelen;
	return 0;
}
