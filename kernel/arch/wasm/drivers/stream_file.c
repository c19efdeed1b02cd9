// SPDX-License-Identifier: GPL-2.0
/*
 * Streams that are regular files of the host, as regular files: with a size, with
 * positions, to be mapped.  The file that a program starts with has the position
 * of the host's descriptor, which others on the host may have in common with it:
 * its own, which is far behind the end of any file, says so.  One that is opened
 * by name (/dev/stdin, /proc/self/fd/0) has a position of its own.
 *
 * Pages are there for mappings only.  Others read and write by the host.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <linux/writeback.h>
#include <asm/host.h>
#include <asm/host_page.h>
#include <asm/host_stat.h>
#include "drivers.h"

#define STREAM_MAGIC	0x53545245
#define HOSTS_POSITION	(1LL << 43)

struct stream_inode {
	struct inode inode;
	int n;
	fmode_t mode;		/* of the host's descriptor */
};

static struct vfsmount *stream_mount;
static DEFINE_MUTEX(stream_mount_lock);

static int stream_of(const struct inode *inode)
{
	return container_of(inode, struct stream_inode, inode)->n;
}

/* Is it for the host's position?  Who goes on from there has added to it. */
static bool is_hosts(loff_t pos)
{
	return pos >= HOSTS_POSITION;
}

/* What the host says of the file now. */
static int look(struct inode *inode, struct host_stat *st)
{
	int r = host_stream_stat(stream_of(inode), st);

	if (r)
		return r;
	i_size_write(inode, st->size);
	inode->i_mode = S_IFREG | (st->mode & 07777);
	inode->i_uid = KUIDT_INIT(st->uid);
	inode->i_gid = KGIDT_INIT(st->gid);
	inode->i_blocks = st->blocks;
	inode_set_atime(inode, st->atime.sec, st->atime.nsec);
	inode_set_mtime(inode, st->mtime.sec, st->mtime.nsec);
	inode_set_ctime(inode, st->ctime.sec, st->ctime.nsec);
	return 0;
}

/* --- reading and writing --- */

static long read_some(int n, void *buf, size_t len, loff_t pos)
{
	return is_hosts(pos) ? host_stream_read(n, buf, len) :
		host_stream_pread(n, buf, len, pos);
}

static ssize_t file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	size_t size = min_t(size_t, iov_iter_count(to), SZ_64K), len;
	ssize_t done = 0;
	long r = 0;
	void *buf;

	if (!size)
		return 0;
	r = filemap_write_and_wait(inode->i_mapping);
	if (r)
		return r;
	buf = kmalloc(size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while (iov_iter_count(to)) {
		len = min(size, iov_iter_count(to));
		/* What was read cannot be given back if the buffer is bad. */
		len -= fault_in_iov_iter_writeable(to, len);
		r = len ? read_some(stream_of(inode), buf, len, iocb->ki_pos) : -EFAULT;
		if (r <= 0)
			break;
		len = r;
		r = copy_to_iter(buf, len, to);
		done += r;
		iocb->ki_pos += r;
		if (r < len || r < size)
			break;
	}
	kfree(buf);
	return done ? done : r;
}

/* O_APPEND is the host's file's, too, unless the program has set it since. */
static long write_some(struct kiocb *iocb, int n, const void *buf, size_t len)
{
	if (iocb->ki_flags & IOCB_APPEND)
		host_stream_seek(n, 0, SEEK_END);
	return is_hosts(iocb->ki_pos) || iocb->ki_flags & IOCB_APPEND ?
		host_stream_write(n, buf, len) : host_stream_pwrite(n, buf, len, iocb->ki_pos);
}

static ssize_t write_all(struct kiocb *iocb, struct iov_iter *from, void *buf, size_t size)
{
	int n = stream_of(file_inode(iocb->ki_filp));
	ssize_t done = 0;
	size_t len;
	long r = 0;

	while (iov_iter_count(from)) {
		len = copy_from_iter(buf, min(size, iov_iter_count(from)), from);
		r = len ? write_some(iocb, n, buf, len) : -EFAULT;
		if (r > 0) {
			done += r;
			iocb->ki_pos += r;
		}
		if (r < (ssize_t)len || !len) {
			iov_iter_revert(from, len - max(r, 0L));
			break;
		}
	}
	return done ? done : r;
}

/* Mappings see it: their pages are read again. */
static ssize_t file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct address_space *mapping = file_inode(iocb->ki_filp)->i_mapping;
	size_t size = min_t(size_t, iov_iter_count(from), SZ_64K);
	struct host_stat st;
	ssize_t r;
	void *buf;

	if (!size)
		return 0;
	r = filemap_write_and_wait(mapping);
	if (r)
		return r;
	buf = kmalloc(size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	r = write_all(iocb, from, buf, size);
	kfree(buf);
	if (mapping->nrpages)
		invalidate_inode_pages2(mapping);
	look(mapping->host, &st);
	if (r > 0 && iocb_is_dsync(iocb))
		host_stream_sync(stream_of(mapping->host), !(iocb->ki_flags & IOCB_SYNC));
	return r;
}

static loff_t file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	struct host_stat st;
	int r;

	if (is_hosts(file->f_pos))
		return host_stream_seek(stream_of(inode), offset, whence);
	r = look(inode, &st);
	return r ? r : generic_file_llseek(file, offset, whence);
}

static int file_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	int r = file_write_and_wait_range(file, start, end);

	return r ? r : host_stream_sync(stream_of(file_inode(file)), datasync);
}

/* --- mappings --- */

static int file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct inode *inode = file_inode(file);
	struct host_stat st;
	int r = look(inode, &st);

	if (!r)
		r = filemap_write_and_wait(inode->i_mapping);
	if (r)
		return r;
	if (inode->i_mapping->nrpages)
		invalidate_inode_pages2(inode->i_mapping);
	return generic_file_mmap(file, vma);
}

static int file_read_folio(struct file *file, struct folio *folio)
{
	void *p = folio_address(folio);
	size_t size = folio_size(folio), done = 0;
	int n = stream_of(folio->mapping->host);
	long r = 1;

	while (done < size && r > 0) {
		r = host_stream_pread(n, p + done, size - done, folio_pos(folio) + done);
		if (r > 0)
			done += r;
	}
	if (r >= 0)
		memset(p + done, 0, size - done);
	folio_end_read(folio, r >= 0);
	return r < 0 ? r : 0;
}

static int write_folio(struct folio *folio, struct writeback_control *wbc, void *data)
{
	struct inode *inode = folio->mapping->host;
	loff_t pos = folio_pos(folio), size = i_size_read(inode);
	size_t len = pos >= size ? 0 : min_t(loff_t, size - pos, folio_size(folio)), done = 0;
	long r = 0;

	folio_start_writeback(folio);
	for (; done < len; done += r) {
		r = host_stream_pwrite(stream_of(inode), folio_address(folio) + done,
				       len - done, pos + done);
		if (r <= 0)
			break;
	}
	if (r < 0)
		mapping_set_error(inode->i_mapping, r);
	folio_unlock(folio);
	folio_end_writeback(folio);
	return r < 0 ? r : 0;
}

static int file_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return write_cache_pages(mapping, wbc, write_folio, NULL);
}

static const struct address_space_operations stream_aops = {
	.read_folio	= file_read_folio,
	.writepages	= file_writepages,
	.dirty_folio	= filemap_dirty_folio,
};

/* --- files and inodes --- */

/* By name: not for more than the host's descriptor is for. */
static int file_open(struct inode *inode, struct file *file)
{
	struct stream_inode *s = container_of(inode, struct stream_inode, inode);
	struct host_stat st;

	if (file->f_mode & (FMODE_READ | FMODE_WRITE) & ~s->mode)
		return -EACCES;
	wasm_stream_get(s->n);
	return look(inode, &st);
}

static int file_release(struct inode *inode, struct file *file)
{
	filemap_write_and_wait(inode->i_mapping);
	wasm_stream_put(stream_of(inode));
	return 0;
}

static const struct file_operations stream_file_fops = {
	.open		= file_open,
	.release	= file_release,
	.read_iter	= file_read_iter,
	.write_iter	= file_write_iter,
	.splice_read	= copy_splice_read,
	.splice_write	= iter_file_splice_write,
	.llseek		= file_llseek,
	.fsync		= file_fsync,
	.mmap		= file_mmap,
};

static int file_getattr(struct mnt_idmap *idmap, const struct path *path,
			struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct host_stat st;
	int r = look(inode, &st);

	if (r)
		return r;
	generic_fillattr(idmap, mask, inode, stat);
	stat->ino = st.ino;
	stat->nlink = st.nlink;
	stat->blksize = st.blksize;
	stat->btime = (struct timespec64){ st.btime.sec, st.btime.nsec };
	if (st.btime.sec)
		stat->result_mask |= STATX_BTIME;
	return 0;
}

/* Its length is the program's; mode, owner and times are for who has its name. */
static int file_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int r = setattr_prepare(idmap, dentry, attr);

	if (r)
		return r;
	if (!(attr->ia_valid & ATTR_SIZE))
		return -EPERM;
	r = filemap_write_and_wait(inode->i_mapping);
	if (!r)
		r = host_stream_truncate(stream_of(inode), attr->ia_size);
	if (!r)
		truncate_setsize(inode, attr->ia_size);
	return r;
}

static const struct inode_operations stream_file_iops = {
	.getattr	= file_getattr,
	.setattr	= file_setattr,
};

static struct inode *stream_alloc_inode(struct super_block *sb)
{
	struct stream_inode *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	inode_init_once(&s->inode);
	return &s->inode;
}

static void stream_free_inode(struct inode *inode)
{
	kfree(container_of(inode, struct stream_inode, inode));
}

static const struct super_operations stream_sops = {
	.alloc_inode	= stream_alloc_inode,
	.free_inode	= stream_free_inode,
	.statfs		= simple_statfs,
};

static int stream_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *p = init_pseudo(fc, STREAM_MAGIC);

	if (!p)
		return -ENOMEM;
	p->ops = &stream_sops;
	return 0;
}

static struct file_system_type stream_fs = {
	.name		= "streamfs",
	.init_fs_context = stream_init_fs_context,
	.kill_sb	= kill_anon_super,
};

/* When there is the first such file: few machines have one. */
static struct vfsmount *get_mount(void)
{
	struct vfsmount *mnt;

	mutex_lock(&stream_mount_lock);
	if (!stream_mount) {
		mnt = kern_mount(&stream_fs);
		if (IS_ERR(mnt)) {
			mutex_unlock(&stream_mount_lock);
			return mnt;
		}
		mnt->mnt_sb->s_maxbytes = MAX_LFS_FILESIZE;
		super_setup_bdi(mnt->mnt_sb);
		stream_mount = mnt;
	}
	mutex_unlock(&stream_mount_lock);
	return stream_mount;
}

static struct inode *make_inode(struct super_block *sb, int n, fmode_t mode)
{
	struct inode *inode = new_inode(sb);
	struct stream_inode *s;
	struct host_stat st;
	int r;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	s = container_of(inode, struct stream_inode, inode);
	s->n = n;
	s->mode = mode;
	inode->i_op = &stream_file_iops;
	inode->i_fop = &stream_file_fops;
	inode->i_mapping->a_ops = &stream_aops;
	r = look(inode, &st);
	if (!r)
		return inode;
	iput(inode);
	return ERR_PTR(r);
}

/* Stream n as a file, opened as flags say; its descriptor. */
int wasm_stream_file(int n, int flags)
{
	struct vfsmount *mnt = get_mount();
	struct inode *inode;
	struct file *file;
	int fd;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	flags &= O_ACCMODE | O_APPEND;
	inode = make_inode(mnt->mnt_sb, n, OPEN_FMODE(flags) & (FMODE_READ | FMODE_WRITE));
	if (IS_ERR(inode)) {
		put_unused_fd(fd);
		return PTR_ERR(inode);
	}
	file = alloc_file_pseudo(inode, mnt, "stream", flags | O_LARGEFILE, &stream_file_fops);
	if (IS_ERR(file)) {
		iput(inode);
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	file->f_pos = HOSTS_POSITION;
	wasm_stream_get(n);
	fd_install(fd, file);
	return fd;
}
